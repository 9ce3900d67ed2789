//! The command line: two words, then `--name value` pairs.

use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::address::Address;
use crate::{Failure, Outcome};

/// What the client was asked to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// Connections, UDP flows, or (in accept mode) connections that are open at a time.
    pub connections: usize,
    /// Bytes of a message.
    pub size: usize,
    /// Requests in flight on each connection; above 1 they are pipelined.
    pub depth: usize,
    /// How long load is put on before anything is counted.
    pub warm_up: Duration,
    /// How long is counted.
    pub measured: Duration,
    /// Whose CPU time and memory are reported.
    pub server: Option<Pid>,
}

/// The two leading words and the options of a command line.
pub struct CommandLine {
    /// What to do: a mode of the client, a kind of server.
    pub what: String,
    /// The server's address, where to listen or where to connect.
    pub address: Address,
    named: HashMap<String, String>,
}

impl CommandLine {
    /// Read the process's own arguments; an error says what is wrong with them.
    pub fn read() -> Outcome<Self> {
        Self::parse(std::env::args().skip(1))
    }

    fn parse(words: impl Iterator<Item = String>) -> Outcome<Self> {
        let mut leading = Vec::new();
        let mut named = HashMap::new();
        let mut words = words;
        while let Some(word) = words.next() {
            match word.strip_prefix("--") {
                Some(name) => {
                    let value = words.next().ok_or_else(|| format!("--{name} wants a value"))?;
                    named.insert(name.to_owned(), value);
                }
                None => leading.push(word),
            }
        }
        let [what, address] = <[String; 2]>::try_from(leading)
            .map_err(|words| format!("wants two words, what to do and an address, not {}", words.len()))?;
        Ok(Self { what, address: address.parse()?, named })
    }

    /// The client's options. Takes them all; one that is unknown is an error.
    pub fn client_options(mut self) -> Outcome<Options> {
        let options = Options {
            connections: self.take("connections", 1)?,
            size: self.take("size", 1024)?,
            depth: self.take("depth", 1)?,
            warm_up: Duration::try_from_secs_f64(self.take("warm-up", 0.2)?)?,
            measured: Duration::try_from_secs_f64(self.take("seconds", 1.0)?)?,
            server: Pid::from_raw(self.take("server-pid", 0)?),
        };
        self.finish()?;
        if options.connections == 0 || options.size == 0 || options.depth == 0 {
            return Err("connections, size and depth are at least 1".into());
        }
        Ok(options)
    }

    /// Check that nothing unknown was asked for, and pin the process when a core was named.
    pub fn finish(&mut self) -> Outcome<()> {
        let core: i64 = self.take("core", -1)?;
        if let Some(unknown) = self.named.keys().next() {
            return Err(format!("no such option: --{unknown}").into());
        }
        if let Ok(core) = usize::try_from(core) {
            let mut cores = CpuSet::new();
            cores.set(core);
            sched_setaffinity(None, &cores)?;
        }
        Ok(())
    }

    fn take<T: FromStr>(&mut self, name: &str, default: T) -> Outcome<T>
    where
        Failure: From<T::Err>,
    {
        match self.named.remove(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|error| {
                let error: Failure = Failure::from(error);
                format!("--{name} {text}: {error}").into()
            }),
        }
    }
}

/// Let this process have as many descriptors as the machine allows: thousands of connections need them.
pub fn raise_descriptor_limit() -> Outcome<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Outcome<CommandLine> {
        CommandLine::parse(text.split(' ').map(str::to_owned))
    }

    #[test]
    fn two_words_and_pairs_are_a_command_line() {
        let read = line("echo tcp:127.0.0.1:80 --connections 10 --seconds 0.5").unwrap();
        assert_eq!(read.what, "echo");
        let options = read.client_options().unwrap();
        assert_eq!((options.connections, options.size, options.depth), (10, 1024, 1));
        assert_eq!(options.measured, Duration::from_millis(500));
        assert!(options.server.is_none());
    }

    #[test]
    fn what_is_wrong_is_said() {
        let complaint =
            |text: &str| line(text).and_then(CommandLine::client_options).unwrap_err().to_string();
        assert!(complaint("echo").contains("two words"));
        assert!(complaint("echo tcp:127.0.0.1:80 --size").contains("wants a value"));
        assert!(complaint("echo tcp:127.0.0.1:80 --size ten").contains("--size ten"));
        assert!(complaint("echo tcp:127.0.0.1:80 --sizes 10").contains("--sizes"));
        assert!(complaint("echo tcp:127.0.0.1:80 --depth 0").contains("at least 1"));
        assert!(complaint("echo tcp:127.0.0.1:80 --seconds -1").len() > 3);
    }
}

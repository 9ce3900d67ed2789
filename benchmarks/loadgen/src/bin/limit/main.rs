//! `limit KIND ADDRESS [--core N]`: what a server reaches that does nothing but its system calls.
//!
//! Prints where it listens as JSON, as the Python servers do, and serves until its standard input ends.

mod datagrams;
mod streams;

use std::io::Read;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;

use aioxide_loadgen::Outcome;
use aioxide_loadgen::options::{CommandLine, raise_descriptor_limit};

use streams::Service;

fn main() -> ExitCode {
    let (done, ended) = mpsc::channel();
    let served = done.clone();
    thread::spawn(move || served.send(run()));
    thread::spawn(move || {
        // Whoever started this server holds the other end, so it cannot outlive them.
        let read = std::io::stdin().read_to_end(&mut Vec::new());
        done.send(read.map(drop).map_err(|error| error.to_string()))
    });
    match ended.recv() {
        Ok(Err(failure)) => {
            eprintln!("limit: {failure}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

fn run() -> Result<(), String> {
    serve().map_err(|failure| failure.to_string())
}

fn serve() -> Outcome<()> {
    let mut line = CommandLine::read()?;
    line.finish()?;
    raise_descriptor_limit()?;
    let (socket, address) = line.address.serve()?;
    println!("{{\"address\": \"{address}\"}}");
    match line.what.as_str() {
        "echo" => streams::serve(&socket, Service::Echo),
        "sink" => streams::serve(&socket, Service::Sink),
        "source" => streams::serve(&socket, Service::Source),
        "file" => streams::serve(&socket, Service::File),
        "datagram" => datagrams::echo(&socket),
        "datagram-sink" => datagrams::count(&socket),
        kind => Err(format!("no such kind: {kind} (echo sink source file datagram datagram-sink)").into()),
    }
}

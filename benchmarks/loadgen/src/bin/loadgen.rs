//! `loadgen MODE ADDRESS [--name value ...]`: see the library's documentation, and `options.rs` for the names.

use std::process::ExitCode;

use aioxide_loadgen::http::Http;
use aioxide_loadgen::options::{CommandLine, raise_descriptor_limit};
use aioxide_loadgen::pattern::Pattern;
use aioxide_loadgen::{Outcome, accept, bulk, datagram, echo};

fn main() -> ExitCode {
    match run() {
        Ok(json) => {
            println!("{json}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("loadgen: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome<String> {
    let line = CommandLine::read()?;
    let (mode, address) = (line.what.clone(), line.address.clone());
    let options = line.client_options()?;
    raise_descriptor_limit()?;
    let report = match mode.as_str() {
        "echo" => echo::run(&address, &options, Pattern::new(options.size))?,
        "http" => echo::run(&address, &options, Http::ask(&address)?)?,
        "accept" => accept::run(&address, &options)?,
        "upload" => bulk::upload(&address, &options)?,
        "download" => bulk::download(&address, &options)?,
        "datagrams" => datagram::echo(&address, &options, false)?,
        "bursts" => datagram::echo(&address, &options, true)?,
        "flood" => datagram::flood(&address, &options)?,
        _ => {
            let known = "echo http accept upload download datagrams bursts flood";
            return Err(format!("no such mode: {mode} ({known})").into());
        }
    };
    Ok(report.json())
}

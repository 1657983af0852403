//! `cargo explorer`: the history of the twins in any event hub, on a page.
//!
//! Each module uses only modules below it:
//!
//! ```text
//! status            the line that tells how it goes
//! options           the command line
//! settings          the hub, from the environment
//! size, since       texts of the command line, read
//! ```

mod options;
mod settings;
mod since;
mod size;
mod status;

use std::{net::Ipv4Addr, process::ExitCode};

use clap::Parser;
use explorer::{Error, Explorer};
use options::Options;
use tokio::signal;

/// The port that people expect; where it is taken, any other will do.
const PORT: u16 = 8080;

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let explorer = start(options).await?;
    println!("Explorer  {}", explorer.url());
    tokio::select! {
        () = status::follow(&explorer) => Ok(()),
        interrupted = signal::ctrl_c() => Ok(interrupted?),
    }
}

async fn start(options: &Options) -> Result<Explorer, Box<dyn std::error::Error>> {
    let lookup = |name: &str| std::env::var(name).ok();
    let listen = options.listen.unwrap_or((Ipv4Addr::LOCALHOST, PORT).into());
    let mut config = options.config(settings::hub(lookup)?, settings::is_authenticated(lookup), listen);
    match Explorer::start(config.clone()).await {
        Err(Error::Listen { .. }) if options.listen.is_none() => config.listen.set_port(0),
        started => return Ok(started?),
    }
    Ok(Explorer::start(config).await?)
}

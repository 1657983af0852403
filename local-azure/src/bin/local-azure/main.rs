//! `cargo local`: everything around the bridge on this machine, and the bridge in the middle of it.
//!
//! ```text
//! factory -> digital twins -> Event Grid  -> Functions host -> twin-bridge -> Event Hubs -> explorer
//!                          -> Event Hubs  ->
//!                          -> Service Bus ->
//! ```
//!
//! Each module uses only modules below it:
//!
//! ```text
//! status      the line that tells how it goes
//! azure       the pieces, started in the order in which they need each other
//! events      those before the hub
//! way_in      between the twins and the app
//! deliveries  how it goes there
//! app         the bridge, and the host that runs it
//! storage     where blobs go
//! options     the command line
//! cargo       what has to be built: the bridge, or this program with optimisation
//! ```

mod app;
mod azure;
mod cargo;
mod deliveries;
mod events;
mod options;
mod status;
mod storage;
mod way_in;

use std::process::ExitCode;

use app::Error;
use azure::Azure;
use factory::{Instance, Production, upload};
use indicatif::ProgressBar;
use local_azure::functions_host::{Level, Log};
use options::Options;
use status::Status;
use tokio::{signal, time::timeout};

/// How long everything may take with `--once`.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(60);

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Options::read()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), Error> {
    if options.is_demanding() && cfg!(debug_assertions) {
        // Ctrl-C is for the other one, which ends in order.
        let ctrl_c = tokio::spawn(async { while signal::ctrl_c().await.is_ok() {} });
        let ended = tokio::task::spawn_blocking(cargo::run_optimised).await??;
        ctrl_c.abort();
        return if ended.success() { Ok(()) } else { Err(format!("cargo run ended with {ended}").into()) };
    }
    let status = Status::new();
    let azure = Azure::start(options, log(options, status.clone())).await?;
    println!("{azure}");
    let ended = match azure.digital_twins() {
        Some(url) => {
            let instance = Instance::at(&url)?;
            if options.once {
                once(&azure, &instance, options).await
            } else {
                on_and_on(&azure, &instance, options, &status).await
            }
        }
        None => Ok(signal::ctrl_c().await?),
    };
    status.clear();
    azure.stop().await;
    ended
}

/// What the host and the handler log, above the status.
fn log(options: &Options, status: Status) -> Log {
    let least = if options.verbose { Level::Information } else { Level::Warning };
    Log::new(move |line| {
        if line.level >= least {
            status.print(&line.message);
        }
    })
}

/// Sets the factory up, lets every step report once, and prints the records as they come out of the hub.
async fn once(azure: &Azure, instance: &Instance, options: &Options) -> Result<(), Error> {
    let mut bodies = azure.records();
    let uploaded = upload(instance, options.twins, false, &ProgressBar::hidden()).await?;
    let mut production = Production::new(instance, options.twins, options.seed);
    let tally = production.tally();
    production.round().await;
    production.finish().await;
    let told = (uploaded.twins + uploaded.relationships) as u64 + tally.made();
    if !azure.delivered(told, TIMEOUT).await {
        return Err("the notifications were not delivered in time; see above".into());
    }
    // They were answered, so their records are in the hub.
    for _ in 0..azure.events_in_hub() {
        let body = timeout(TIMEOUT, bodies.recv()).await;
        println!("{}", body.map_err(|_| "the records did not come out of the hub in time")??);
    }
    Ok(())
}

/// Sets the factory up and lets it work until Ctrl-C, or until the host gives the handler up.
async fn on_and_on(azure: &Azure, instance: &Instance, options: &Options, status: &Status) -> Result<(), Error> {
    let mut production = Production::new(instance, options.twins, options.seed);
    let tally = production.tally();
    let working = async {
        upload(instance, options.twins, false, &ProgressBar::hidden()).await?;
        production.run(options.changes_per_second()).await;
        Ok(())
    };
    tokio::select! {
        ended = working => ended,
        () = status.follow(azure, &tally) => Ok(()),
        () = azure.given_up() => Err("the handler ended three times; see above".into()),
        interrupted = signal::ctrl_c() => Ok(interrupted?),
    }
}

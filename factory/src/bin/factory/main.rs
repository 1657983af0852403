//! `cargo factory`: the chocolate factory in an instance of Azure Digital Twins, as docs/factory.md tells.
//!
//! Each module uses only modules below it:
//!
//! ```text
//! progress  what is shown of the work
//! options   the command line
//! ```

mod options;
mod progress;

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use factory::{Instance, Production, Removal, upload};
use options::Options;
use tokio::{
    signal,
    time::{Instant, sleep},
};

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let done = if options.remove { remove(&options).await } else { run(&options).await };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Uploads the factory and lets it work.
async fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let instance = Instance::at(&options.digital_twins)?;
    let bar = progress::bar("Uploading");
    let uploaded = upload(&instance, options.twins, options.replace, &bar).await;
    bar.finish_and_clear();
    let uploaded = uploaded?;
    println!(
        "Uploaded: {} models, {} twins, {} relationships. What was there is as it was.",
        uploaded.models, uploaded.twins, uploaded.relationships
    );
    if options.duration == Some(Duration::ZERO) {
        return Ok(());
    }
    let mut production = Production::new(&instance, options.twins, options.seed);
    let (tally, started) = (production.tally(), Instant::now());
    tokio::select! {
        () = production.run(options.changes_per_second()) => {}
        () = progress::follow(&tally) => {}
        () = end(options.duration) => {}
        interrupted = signal::ctrl_c() => interrupted?,
    }
    // Ctrl-C again does not wait for what is under way.
    tokio::select! {
        () = production.finish() => {}
        interrupted = signal::ctrl_c() => interrupted?,
    }
    println!("{}", progress::describe(&tally, progress::per_second(tally.made(), started.elapsed())));
    Ok(())
}

/// Removes the factory, whatever its size.
async fn remove(options: &Options) -> Result<(), Box<dyn Error>> {
    let instance = Instance::at(&options.digital_twins)?;
    let bar = progress::bar("Looking");
    let removal = Removal::plan(&instance, options.twins, &bar).await;
    bar.finish_and_clear();
    let removal = removal?;
    for reason in removal.staying() {
        println!("{reason}");
    }
    if removal.is_empty() {
        println!("There is nothing to remove.");
        return Ok(());
    }
    println!("{removal}");
    if !options.yes && !agreed()? {
        return Err("nothing was removed".into());
    }
    let bar = progress::bar("Removing");
    let removed = removal.carry_out(&instance, &bar).await;
    bar.finish_and_clear();
    removed?;
    println!("Removed.");
    Ok(())
}

async fn end(after: Option<Duration>) {
    match after {
        Some(duration) => sleep(duration).await,
        None => std::future::pending().await,
    }
}

/// Asks. No answer is no.
fn agreed() -> io::Result<bool> {
    print!("Remove all of this? [y/N] ");
    io::stdout().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

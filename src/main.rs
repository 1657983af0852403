//! The executable that the Functions host starts.

use std::{io, process::ExitCode, sync::Arc, time::Duration};

use clap::Parser;
use mimalloc::MiMalloc;
use tokio::{net::TcpListener, runtime::Runtime, signal};
use tracing::level_filters::LevelFilter;
use twin_bridge::{
    bridge::Bridge,
    cli::{self, Cli, Command, Replay},
    logging, server,
    settings::{BridgeSettings, LogFormat, LogSettings, RecordSettings, Settings},
    telemetry::Telemetry,
};

/// Records are made on one thread and freed on another, which the system's allocator pays for in locks.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Wrong usage, after `EX_USAGE` of sysexits.h. Not 0, which the host takes for "done, do not start again".
const BAD_SETTINGS: u8 = 64;
const FAILED_START: u8 = 1;

/// The time for the last records and the end of the AMQP connection.
const CLOSING: Duration = Duration::from_secs(5);

/// The time for the last telemetry.
const FLUSHING: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let environment = |name: &str| std::env::var(name).ok();
    let result = match Cli::parse().command {
        None => Settings::read(environment).map(serve),
        Some(Command::Flatten { file }) => {
            RecordSettings::read(environment).map(|settings| cli::flatten::run(&file, &settings))
        }
        Some(Command::Replay(arguments)) => {
            BridgeSettings::read(environment).map(|settings| replay(&arguments, settings))
        }
    };
    match result {
        Ok(Ok(code)) => code,
        Ok(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            eprintln!("error: {error}");
            ExitCode::from(FAILED_START)
        }
        Err(mistakes) => {
            eprint!("{mistakes}");
            ExitCode::from(BAD_SETTINGS)
        }
    }
}

fn serve(settings: Settings) -> io::Result<ExitCode> {
    logging::start(settings.log);
    let telemetry = Telemetry::start(settings.telemetry);
    let served: io::Result<()> = Runtime::new()?.block_on(async {
        let stop = stop_signal()?;
        let listener = TcpListener::bind(settings.listen).await?;
        let bridge = Arc::new(Bridge::start(settings.bridge).map_err(io::Error::other)?);
        tracing::info!(address = %listener.local_addr()?, version = env!("CARGO_PKG_VERSION"), "Listening.");
        server::serve(listener, Arc::clone(&bridge), telemetry.clone(), stop).await?;
        if let Some(bridge) = Arc::into_inner(bridge) {
            bridge.close(CLOSING).await;
        }
        Ok(())
    });
    // The runtime is gone, and with it every delivery: nothing more will be observed.
    telemetry.stop(FLUSHING);
    served?;
    tracing::info!("Stopped.");
    Ok(ExitCode::SUCCESS)
}

fn replay(arguments: &Replay, settings: BridgeSettings) -> io::Result<ExitCode> {
    logging::start(LogSettings { level: LevelFilter::ERROR, format: LogFormat::Text });
    Runtime::new()?.block_on(async {
        let stop = stop_signal()?;
        let bridge = Bridge::start(settings).map_err(io::Error::other)?;
        let code = cli::replay::run(arguments, &bridge, stop).await?;
        bridge.close(CLOSING).await;
        Ok(code)
    })
}

/// Ends when the process is asked to stop: SIGTERM, or Ctrl-C. From this call on neither ends the process by itself,
/// so it comes before anybody can know that there is a process to stop.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Ends when the process is asked to stop: Ctrl-C.
#[cfg(windows)]
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut ctrl_c = signal::windows::ctrl_c()?;
    Ok(async move {
        ctrl_c.recv().await;
    })
}

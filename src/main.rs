//! The executable that the Functions host starts.

use std::{io, process::ExitCode, sync::Arc, time::Duration};

use clap::Parser;
use event_hub_producer::{Config as HubConfig, EventHub, Memory};
use mimalloc::MiMalloc;
use tokio::{net::TcpListener, runtime::Runtime, signal};
use tracing::level_filters::LevelFilter;
use twin_bridge::{
    bridge::{self, Bridge},
    cli::{self, Cli, Command, DryRun, Replay},
    dead_letters::{Store, StoreConfig},
    logging::{self, LogConfig, LogFormat},
    server,
    settings::{self, Settings},
    telemetry::Telemetry,
};

/// Records are made on one thread and freed on another, which the system's allocator pays for in locks.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Wrong usage, after `EX_USAGE` of sysexits.h. Not 0, which the host takes for "done, do not start again".
const BAD_SETTINGS: u8 = 64;
const FAILED_START: u8 = 1;

/// The bytes of all deliveries that are read, wait, or are on their way: docs/operate.md, "Memory".
const MEMORY: u32 = 192 * 1024 * 1024;

/// The time for the last records and the end of the AMQP connection.
const CLOSING: Duration = Duration::from_secs(5);

/// The time for the last telemetry.
const FLUSHING: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        None => Settings::read(settings::environment).map(serve),
        Some(Command::Flatten { file }) => {
            settings::read_records(settings::environment).map(|config| cli::flatten::run(&file, &config))
        }
        Some(Command::Replay(arguments)) if arguments.files.is_empty() => {
            let settings = settings::read_bridge_and_store(settings::environment);
            settings.map(|(hub, bridge, store)| replay(&arguments, hub, bridge, Some(store)))
        }
        Some(Command::Replay(arguments)) => {
            settings::read_bridge(settings::environment).map(|(hub, bridge)| replay(&arguments, hub, bridge, None))
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
            // In one write, so that nothing comes between.
            let message = format!("error: {mistakes}\n");
            eprint!("{message}");
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
        let hub = Arc::new(start(settings.hub)?);
        let bridge = Bridge::new(Arc::clone(&hub) as Arc<_>, store(settings.dead_letters), settings.bridge);
        tracing::info!(address = %listener.local_addr()?, version = env!("CARGO_PKG_VERSION"), "Listening.");
        server::serve(listener, bridge, telemetry.clone(), stop).await?;
        close(hub).await;
        Ok(())
    });
    // The runtime is gone, and with it every delivery: nothing more will be observed.
    telemetry.stop(FLUSHING);
    served?;
    tracing::info!("Stopped.");
    Ok(ExitCode::SUCCESS)
}

fn replay(
    arguments: &Replay,
    hub: HubConfig,
    bridge: bridge::Config,
    store: Option<StoreConfig>,
) -> io::Result<ExitCode> {
    logging::start(LogConfig { level: LevelFilter::ERROR, format: LogFormat::Text });
    Runtime::new()?.block_on(async {
        let stop = stop_signal()?;
        let store = store.map(Store::new);
        if arguments.dry_run {
            let bridge = Bridge::new(Arc::new(DryRun::new(Memory::new(MEMORY))), None, bridge);
            return cli::replay::run(arguments, store.as_ref(), &bridge, stop).await;
        }
        let hub = Arc::new(start(hub)?);
        let bridge = Bridge::new(Arc::clone(&hub) as Arc<_>, None, bridge);
        let code = cli::replay::run(arguments, store.as_ref(), &bridge, stop).await?;
        drop(bridge);
        close(hub).await;
        Ok(code)
    })
}

/// Where dead letters are kept. Without any, a delivery with an event that can't be recorded fails over and over.
fn store(config: Option<StoreConfig>) -> Option<Store> {
    if config.is_none() {
        tracing::warn!(
            "There is no store of dead letters: deliveries with events that can't be recorded will fail. Set AzureWebJobsStorage, or DEAD_LETTERS to a file: URL."
        );
    }
    config.map(Store::new)
}

fn start(config: HubConfig) -> io::Result<EventHub> {
    EventHub::start(config, Memory::new(MEMORY)).map_err(io::Error::other)
}

/// Sends what is queued and closes the connection, unless a delivery goes on that was given up.
async fn close(hub: Arc<EventHub>) {
    if let Some(hub) = Arc::into_inner(hub)
        && !hub.close(CLOSING).await
    {
        tracing::warn!("The connection to the event hub could not be closed in time.");
    }
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

//! `cargo local`: everything around the bridge on this machine, and the bridge in the middle of it.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::Arc,
    time::Duration,
};

use clap::Parser;
use local_azure::{
    event_hubs::{self, Control, EventHubs},
    functions_host::{self, FunctionsHost, Handler, Level, Log, Storage},
    reader::{self, Events},
    sample,
};
use tokio::{signal, time::timeout};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// The hub that everything here uses.
const HUB: &str = "twins";

/// The port of the Event Hubs emulator, and so that of AMQP.
const EVENT_HUBS_PORT: u16 = 5672;

/// The port of `func start`.
const FUNCTIONS_PORT: u16 = 7071;

/// The name of the folder with function.json.
const FUNCTION: &str = "function";

/// How long the records of the sample may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs twin-bridge with stand-ins for Event Grid's webhook, the Functions host and Event Hubs, all on loopback.
///
/// Posts a few twin updates and prints each record as a consumer reads it from the hub, then waits for more.
#[derive(Debug, Parser)]
struct Options {
    /// End when the records of the sample have been read.
    #[arg(long)]
    once: bool,
    /// Run only the Event Hubs endpoint and the reader, for use with `func start`.
    #[arg(long)]
    hub_only: bool,
    /// Let other programs make the Event Hubs endpoint misbehave, over HTTP on this port; 0 takes any.
    #[arg(long, value_name = "PORT")]
    control_port: Option<u16>,
    /// Run this executable instead of building twin-bridge.
    #[arg(long, value_name = "FILE")]
    handler: Option<PathBuf>,
    /// Show everything that the host and the handler log, not only warnings and errors.
    #[arg(long)]
    verbose: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), Error> {
    let listen = preferably(EVENT_HUBS_PORT);
    let hubs = Arc::new(EventHubs::start(event_hubs::Config { listen, ..event_hubs::Config::default() })?);
    let connection_string = hubs.connection_string(HUB);
    let (mut records, _connection) = reader::read(hubs.address(), connection_string.clone())?;
    println!("Event hub     {HUB} on amqp://{}", hubs.address());
    println!("EVENT_HUB     {connection_string}");
    let _control = match options.control_port {
        Some(port) => Some(control(&hubs, port).await?),
        None => None,
    };
    if options.hub_only {
        return follow(&mut records, None).await;
    }

    let host = start_host(&options, connection_string).await?;
    println!("Webhook       {}", host.webhook_url(FUNCTION));
    println!("Dead letters  {}\n", storage_name());
    for delivery in sample::deliveries() {
        deliver(&host, &delivery).await?;
    }
    // The deliveries were answered, so their records are in the hub.
    for _ in 0..hubs.events(HUB).len() {
        let record = timeout(PATIENCE, records.recv()).await.ok().flatten();
        println!("{}", record.ok_or("the reader did not get the records in time")?.body);
    }
    if options.once {
        host.stop().await;
        return Ok(());
    }
    println!("\nWaiting for more; Ctrl-C ends.");
    let ended = follow(&mut records, Some(&host)).await;
    host.stop().await;
    ended
}

async fn control(hubs: &Arc<EventHubs>, port: u16) -> Result<Control, Error> {
    let control = Control::start(Arc::clone(hubs), port).await?;
    println!("Control       {}", control.url());
    Ok(control)
}

/// Prints records until Ctrl-C, or until the host gives the handler up.
async fn follow(records: &mut Events, host: Option<&FunctionsHost>) -> Result<(), Error> {
    let given_up = async {
        match host {
            Some(host) => host.closed().await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(given_up);
    loop {
        tokio::select! {
            record = records.recv() => println!("{}", record.ok_or("the reader stopped")?.body),
            () = &mut given_up => return Err("the handler ended three times; see above".into()),
            interrupted = signal::ctrl_c() => return Ok(interrupted?),
        }
    }
}

async fn start_host(options: &Options, connection_string: String) -> Result<FunctionsHost, Error> {
    let executable = match &options.handler {
        Some(path) => path.clone(),
        None => build()?,
    };
    let least = if options.verbose { Level::Information } else { Level::Warning };
    let log = Log::new(move |line| {
        if line.level >= least {
            eprintln!("{}", line.message);
        }
    });
    let mut config = functions_host::Config::new(root(), storage());
    config.listen = preferably(FUNCTIONS_PORT);
    config.handler = Handler::Executable(executable);
    config.environment = vec![("EVENT_HUB".to_owned(), connection_string)];
    config.log = log;
    Ok(FunctionsHost::start(config).await?)
}

/// Calls the webhook as Event Grid does.
async fn deliver(host: &FunctionsHost, delivery: &serde_json::Value) -> Result<(), Error> {
    let content_type = if delivery.is_array() { "application/json" } else { "application/cloudevents+json" };
    let answer = reqwest::Client::new()
        .post(host.webhook_url(FUNCTION))
        .header("aeg-event-type", "Notification")
        .header("content-type", format!("{content_type}; charset=utf-8"))
        .body(delivery.to_string())
        .send()
        .await?;
    if answer.status().is_success() {
        Ok(())
    } else {
        Err(format!("the webhook answered {} to the sample; see above", answer.status()).into())
    }
}

/// Builds twin-bridge with the same cargo and profile as this program, and answers where it is.
fn build() -> Result<PathBuf, Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--package", "twin-bridge", "--bin", "twin-bridge"]).current_dir(root());
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    if !command.status()?.success() {
        return Err("twin-bridge could not be built".into());
    }
    let executable = format!("twin-bridge{}", std::env::consts::EXE_SUFFIX);
    Ok(std::env::current_exe()?.with_file_name(executable))
}

/// The folder with host.json.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Where the host writes blobs: to the account in `AzureWebJobsStorage` (Azurite), else to a folder.
fn storage() -> Storage {
    match std::env::var("AzureWebJobsStorage") {
        Ok(account) if !account.is_empty() => Storage::Account(account),
        _ => Storage::Folder(root().join("target/local-azure")),
    }
}

fn storage_name() -> &'static str {
    match storage() {
        Storage::Account(_) => "container dead-letter of AzureWebJobsStorage",
        Storage::Folder(_) => "target/local-azure/dead-letter",
    }
}

/// The port that people expect, or any other if something else has it.
fn preferably(port: u16) -> SocketAddr {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    if TcpListener::bind(address).is_ok() { address } else { SocketAddr::from((Ipv4Addr::LOCALHOST, 0)) }
}

//! Real handler processes: readiness, environment, restarts, the end.
//!
//! The handler is this very test program, started again to run [`handler`] alone. It tells the test that it lives, and
//! when it may listen, through a connection to a [`Gate`]: no test here sleeps.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Json;
use axum::routing::{get, post};
use local_azure::functions_host::{Category, Config, Error, FunctionsHost, Handler, Level, Log, Timeouts};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::support::{App, SOON, deliver, recording_log, try_deliver};

const HOST_JSON: &str = r#"{"version":"2.0","customHandler":{"description":{
    "defaultExecutablePath":"handler","arguments":["%TEST%","--exact","--ignored","--nocapture"]}}}"#;

/// The handler. Without a gate, which is to say when it was not started by a test, it does nothing.
#[test]
#[ignore = "started by the other tests"]
fn handler() {
    let Ok(gate) = std::env::var("GATE") else { return };
    println!("said on stdout");
    eprintln!("said on stderr");
    eprintln!("warning on stderr");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut gate = TcpStream::connect(gate).await.unwrap();
        gate.read_exact(&mut [0]).await.unwrap();
        let port: u16 = std::env::var("FUNCTIONS_CUSTOMHANDLER_PORT").unwrap().parse().unwrap();
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let router = axum::Router::new().route("/function", post(obey)).route("/", get(|| async { "here" }));
        #[cfg(unix)]
        tokio::spawn(on_sigterm());
        axum::serve(listener, router).await.unwrap();
    });
}

/// Does what the event says.
async fn obey(Json(invocation): Json<Value>) -> Json<Value> {
    let event = &invocation["Data"]["event"];
    if let Some(code) = event["exit"].as_i64() {
        std::process::exit(i32::try_from(code).unwrap());
    }
    if event["hang"] == true {
        std::future::pending::<()>().await;
    }
    let variables: serde_json::Map<String, Value> = std::env::vars()
        .filter(|(name, _)| name.starts_with("FUNCTIONS_") || name == "SETTING")
        .map(|(name, value)| (name, value.into()))
        .collect();
    Json(json!({ "Outputs": { "deadLetter": Value::Object(variables).to_string() } }))
}

#[cfg(unix)]
async fn on_sigterm() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    while terminate.recv().await.is_some() {
        println!("got SIGTERM");
        if std::env::var_os("STUBBORN").is_none() {
            std::process::exit(0);
        }
    }
}

/// Where the handler reports and waits until it may listen.
struct Gate(TcpListener);

impl Gate {
    async fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// The next handler, which waits.
    async fn arrived(&self) -> Life {
        Life(timeout(SOON, self.0.accept()).await.expect("no handler came").unwrap().0)
    }

    /// The next handler, on its way.
    async fn passed(&self) -> Life {
        let mut life = self.arrived().await;
        life.let_pass().await;
        life
    }
}

/// A connection that lives as long as a handler.
struct Life(TcpStream);

impl Life {
    async fn let_pass(&mut self) {
        self.0.write_all(&[1]).await.unwrap();
    }

    async fn ended(&mut self) {
        // A killed process may leave a reset instead of an end.
        let _ = timeout(SOON, self.0.read(&mut [0])).await.expect("the handler lives on");
    }
}

fn app() -> App {
    App::with_host_json("event", None, HOST_JSON)
}

fn config(app: &App, gate: &Gate) -> Config {
    let mut config = app.config(Handler::Executable(std::env::current_exe().unwrap()));
    let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    config.environment = vec![
        setting("TEST", "process::handler"),
        setting("GATE", &gate.address().to_string()),
        setting("SETTING", "of the app"),
    ];
    config
}

/// A host whose handler is ready.
async fn started(config: Config, gate: &Gate) -> (FunctionsHost, Life) {
    let (host, life) = tokio::join!(FunctionsHost::start(config), gate.passed());
    (host.unwrap(), life)
}

async fn exit(host: &FunctionsHost, code: i32) {
    let reply = deliver(host, &format!(r#"{{"exit":{code}}}"#)).await;
    assert_eq!((reply.status, reply.body.as_str()), (500, "Exception while executing function: Functions.function"));
}

#[tokio::test]
async fn start_waits_for_the_handler() {
    let (app, gate) = (app(), Gate::new().await);
    let mut start = Box::pin(FunctionsHost::start(config(&app, &gate)));
    let mut life = tokio::select! {
        _ = &mut start => panic!("ready before the handler was"),
        life = gate.arrived() => life,
    };
    assert!(timeout(Duration::from_millis(100), &mut start).await.is_err());
    life.let_pass().await;
    let host = timeout(SOON, start).await.unwrap().unwrap();
    assert_eq!(deliver(&host, "{}").await.status, 202);
}

#[tokio::test]
async fn the_handler_gets_its_environment_and_its_console_is_passed_on() {
    let (app, gate) = (app(), Gate::new().await);
    let (log, lines) = recording_log();
    let (host, _life) = started(Config { log, ..config(&app, &gate) }, &gate).await;
    assert_eq!(deliver(&host, "{}").await.status, 202);
    host.stop().await;

    let environment: Value = serde_json::from_slice(app.blobs().values().next().unwrap()).unwrap();
    assert_eq!(environment["FUNCTIONS_CUSTOMHANDLER_PORT"], environment["FUNCTIONS_HTTPWORKER_PORT"]);
    assert_eq!(environment["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"], environment["FUNCTIONS_HTTPWORKER_ID"]);
    assert_eq!(environment["FUNCTIONS_APP_ROOT_PATH"], app.root().to_str().unwrap());
    assert_eq!(environment["FUNCTIONS_WORKER_RUNTIME"], "custom");
    assert_eq!(environment["SETTING"], "of the app");

    let lines = lines.lock().unwrap();
    let level = |text: &str| {
        lines
            .iter()
            .find(|line| line.category == Category::Console && line.message.ends_with(text))
            .map(|line| line.level)
    };
    assert_eq!(level("said on stdout"), Some(Level::Information));
    assert_eq!(level("said on stderr"), Some(Level::Error));
    assert_eq!(level("warning on stderr"), Some(Level::Warning));
}

#[tokio::test]
async fn exit_code_200_restarts_without_counting_and_deliveries_wait_meanwhile() {
    let (app, gate) = (app(), Gate::new().await);
    let (host, mut life) = started(config(&app, &gate), &gate).await;
    for _ in 0..4 {
        let pid = host.handler_pid();
        exit(&host, 200).await;
        life.ended().await;
        life = gate.arrived().await;
        assert_eq!(host.handler_pid(), None);
        let mut delivery = tokio::spawn(try_deliver(host.webhook_url("function"), "{}".to_owned()));
        assert!(timeout(Duration::from_millis(50), &mut delivery).await.is_err());
        life.let_pass().await;
        assert_eq!(delivery.await.unwrap().unwrap().status, 202);
        assert_ne!(host.handler_pid(), pid);
    }
}

#[tokio::test]
async fn exit_code_0_leaves_a_dead_function_behind() {
    let (app, gate) = (app(), Gate::new().await);
    let (host, mut life) = started(config(&app, &gate), &gate).await;
    exit(&host, 0).await;
    life.ended().await;
    assert!(matches!(timeout(SOON, gone(&host)).await.unwrap(), Error::Handler(_)));
    assert_eq!(host.handler_pid(), None);
    assert_eq!(deliver(&host, "{}").await.status, 500);
    host.stop().await;
}

/// Waits until the host has noticed the end of a handler that it won't restart.
async fn gone(host: &FunctionsHost) -> Error {
    loop {
        match host.handler_ready().await {
            Ok(()) => tokio::task::yield_now().await,
            Err(error) => return error,
        }
    }
}

#[tokio::test]
async fn the_third_error_stops_the_host() {
    let (app, gate) = (app(), Gate::new().await);
    let (host, mut life) = started(config(&app, &gate), &gate).await;
    for _ in 0..2 {
        exit(&host, 1).await;
        life.ended().await;
        life = gate.passed().await;
        host.handler_ready().await.unwrap();
    }
    exit(&host, 3).await;
    timeout(SOON, host.closed()).await.unwrap();
    let error = host.handler_ready().await.unwrap_err().to_string();
    assert!(
        error.contains("Exceeded http worker restart retry count") && error.contains("warning on stderr"),
        "{error}"
    );
}

#[tokio::test]
async fn a_handler_that_never_listens_is_given_up() {
    let (app, gate) = (app(), Gate::new().await);
    let mut config = config(&app, &gate);
    config.timeouts.initialization = Some(Duration::from_millis(200));
    let error = timeout(SOON, FunctionsHost::start(config)).await.unwrap().unwrap_err().to_string();
    assert!(error.contains("did not listen"), "{error}");
}

#[tokio::test]
async fn a_handler_that_cannot_be_started_is_named() {
    let (app, gate) = (app(), Gate::new().await);
    let config = Config { handler: Handler::Declared, ..config(&app, &gate) };
    let error = timeout(SOON, FunctionsHost::start(config)).await.unwrap().unwrap_err().to_string();
    assert!(error.contains("Failed to start the handler handler:"), "{error}");
}

#[tokio::test]
async fn a_function_that_times_out_gets_the_handler_replaced() {
    let (app, gate) = (app(), Gate::new().await);
    let mut config = config(&app, &gate);
    config.timeouts.function = Some(Duration::from_millis(500));
    let (host, mut life) = started(config, &gate).await;
    // More often than errors are forgiven: a timeout is none.
    for _ in 0..3 {
        let reply = deliver(&host, r#"{"hang":true}"#).await;
        assert_eq!(reply.status, 500);
        assert!(reply.body.starts_with("Timeout value of 00:00:00.5000000"), "{}", reply.body);
        life.ended().await;
        life = gate.passed().await;
        host.handler_ready().await.unwrap();
    }
    host.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn stop_asks_the_handler_first_and_kills_it_if_that_does_not_help() {
    for stubborn in [false, true] {
        let (app, gate) = (app(), Gate::new().await);
        let (log, lines) = recording_log();
        let mut config = Config { log, ..config(&app, &gate) };
        if stubborn {
            config.environment.push(("STUBBORN".to_owned(), "1".to_owned()));
            config.timeouts = Timeouts { stop: Duration::from_millis(200), ..Timeouts::default() };
        }
        let (host, mut life) = started(config, &gate).await;
        // The handler answers, so it listens for signals as well.
        assert_eq!(deliver(&host, "{}").await.status, 202);
        let url = host.webhook_url("function");
        timeout(SOON, host.stop()).await.unwrap();
        life.ended().await;
        assert!(try_deliver(url, "{}".to_owned()).await.is_err());
        let asked = || lines.lock().unwrap().iter().any(|line| line.message.ends_with("got SIGTERM"));
        assert!(asked());
    }
}

#[tokio::test]
async fn a_host_that_is_dropped_takes_its_handler_along() {
    let (app, gate) = (app(), Gate::new().await);
    let (host, mut life) = started(Config { log: Log::new(|_| {}), ..config(&app, &gate) }, &gate).await;
    drop(host);
    life.ended().await;
}

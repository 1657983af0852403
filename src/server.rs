//! The HTTP face of the bridge, which only the Functions host on the same machine talks to.
//!
//! `POST /api/events` takes a delivery of Event Grid's that the host forwards, `POST /{function}` one that it has wrapped
//! up for any other trigger, and `GET /` tells how the bridge is. The host throws the body of a failing answer away, so the
//! reason of each goes to the log as well. Neither path nor query of a request does: there the function's key stands.

use std::{any::Any, convert::identity, future::pending, io, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use event_hub_producer::{Reserved, Status};
use serde_json::json;
use tokio::{
    net::TcpListener,
    time::{Instant, sleep, sleep_until, timeout_at},
};
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::{info, warn};

use crate::{
    body::{BodyReader, MAX_INVOCATION, MAX_WEBHOOK, ReadError},
    bridge::{Bridge, Delivered},
    counts::{Counts, Totals},
    delivery::{Delivery, Timeout},
    failure::{Failure, problem},
    invocation,
    telemetry::Telemetry,
    webhook::{self, Purpose},
};

/// The name of the function with the Service Bus trigger.
const SERVICE_BUS: &str = "service-bus";

/// What is left to a delivery beyond its own time when the bridge is stopped.
const GRACE: Duration = Duration::from_secs(2);

/// Serves deliveries until `stop`, then takes no more and finishes those in flight.
pub async fn serve(
    listener: TcpListener,
    bridge: Bridge,
    telemetry: Telemetry,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let grace = bridge.delivery_timeout() + GRACE;
    let stopping = CancellationToken::new();
    let server = axum::serve(listener, router(bridge, telemetry, stopping.clone())).with_graceful_shutdown({
        let stopping = stopping.clone();
        async move {
            stop.await;
            info!("Stopping: no more deliveries are taken.");
            stopping.cancel();
        }
    });
    let out_of_time = async {
        stopping.cancelled().await;
        sleep(grace).await;
    };
    tokio::select! {
        result = server => result,
        () = out_of_time => {
            warn!("Some deliveries were not finished in time; they come again.");
            Ok(())
        }
    }
}

/// What every request shares.
#[derive(Debug)]
struct App {
    reader: BodyReader,
    bridge: Bridge,
    totals: Totals,
    telemetry: Telemetry,
    stopping: CancellationToken,
}

fn router(bridge: Bridge, telemetry: Telemetry, stopping: CancellationToken) -> Router {
    let reader = BodyReader::new(bridge.memory().clone());
    let app = App { reader, bridge, totals: Totals::default(), telemetry, stopping };
    Router::new()
        .route("/", get(status))
        .route("/api/events", post(webhook).options(handshake))
        .route("/{function}", post(invocation))
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(Arc::new(app))
}

/// The host polls this at start; any answer at all means that the handler is up.
async fn status(State(app): State<Arc<App>>) -> Json<serde_json::Value> {
    let (hub, reason) = match app.bridge.hub_status() {
        Status::Connecting => ("connecting", None),
        Status::Ready => ("ready", None),
        Status::Failing(error) => (error.kind(), Some(error.to_string())),
    };
    Json(json!({
        "name": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
        "eventHub": hub,
        "reason": reason,
        "sinceStart": app.totals.snapshot(),
    }))
}

/// Any trigger that is not forwarded. The host takes an answer for success that is a JSON object, and waits for ever for
/// one that is empty.
async fn invocation(State(app): State<Arc<App>>, Path(function): Path<String>, request: Request) -> Response {
    let source = Source { function, ..Source::default() };
    let read = |body| Ok(invocation::read(body)?);
    // What triggers it is not known before it is read, so it goes by the name that the function has in our package.
    let timeout = if source.function == SERVICE_BUS { Timeout::ServiceBus } else { Timeout::Delivery };
    let answered = app.deliver(source, request.into_body(), Limits { bytes: MAX_INVOCATION, timeout }, read).await;
    answered.map_or_else(identity, |()| Json(json!({})).into_response())
}

/// Event Grid's own request, forwarded.
async fn webhook(State(app): State<Arc<App>>, headers: HeaderMap, request: Request) -> Response {
    match Purpose::of(&headers) {
        Purpose::Farewell => StatusCode::OK.into_response(),
        Purpose::Validation => app.validate(request.into_body()).await,
        Purpose::Notification => {
            let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
            let source = Source {
                function: "webhook".to_owned(),
                subscription: header("aeg-subscription-name"),
                attempt: header("aeg-delivery-count"),
            };
            let read = |body| webhook::delivery(body).ok_or(Failure::NoText);
            let answered = app.deliver(source, request.into_body(), Limits::WEBHOOK, read).await;
            answered.map_or_else(identity, |()| StatusCode::OK.into_response())
        }
    }
}

/// The handshake of `CloudEvents`: whoever asks may send, as often as they like.
async fn handshake(headers: HeaderMap) -> Response {
    match headers.get("webhook-request-origin") {
        Some(origin) => {
            [("webhook-allowed-origin", origin.clone()), ("webhook-allowed-rate", HeaderValue::from_static("*"))]
                .into_response()
        }
        None => Failure::NoOrigin.into_response(),
    }
}

/// Whom a delivery comes from, for the log.
#[derive(Debug, Default)]
struct Source {
    function: String,
    /// The subscription of Event Grid, and the number of its attempt, where it says so.
    subscription: Option<String>,
    attempt: Option<String>,
}

/// What the body of a request may take.
#[derive(Debug, Clone, Copy)]
struct Limits {
    bytes: usize,
    /// For its bytes to come and for the memory that they need.
    timeout: Timeout,
}

impl Limits {
    const WEBHOOK: Self = Self { bytes: MAX_WEBHOOK, timeout: Timeout::Delivery };
}

impl App {
    /// Takes one delivery, which `read` finds in its body. The error is the answer.
    async fn deliver(
        &self,
        source: Source,
        body: Body,
        limits: Limits,
        read: impl FnOnce(Vec<u8>) -> Result<Delivery, Failure>,
    ) -> Result<(), Response> {
        let received = Instant::now();
        let _in_flight = self.totals.begin();
        let mut observation = self.telemetry.begin();
        let delivered = async {
            let (body, memory) = tokio::select! {
                read = self.read(body, limits, received) => read?,
                () = self.shutdown(limits.timeout, received) => return Err(Failure::Stopping),
            };
            let delivery = read(body)?;
            tokio::select! {
                delivered = self.bridge.deliver(&delivery, memory, received, &mut observation) => Ok(delivered?),
                () = self.shutdown(delivery.timeout, received) => Err(Failure::Stopping),
            }
        };
        let delivered: Result<Delivered, Failure> = delivered.await;
        match delivered {
            Ok(Delivered { counts, set_aside }) => {
                self.totals.delivered(counts);
                observation.delivered(counts);
                source.log(counts, set_aside.as_deref(), received.elapsed());
                Ok(())
            }
            Err(failure) => {
                self.totals.failed(failure.kind());
                observation.failed(failure.kind());
                Err(failure.into_response())
            }
        }
    }

    async fn read(&self, body: Body, limits: Limits, received: Instant) -> Result<(Vec<u8>, Reserved), Failure> {
        let deadline = received + self.bridge.timeout(limits.timeout);
        let read = timeout_at(deadline, self.reader.read(body, limits.bytes)).await;
        read.map_or(Err(Failure::NoMemory), |read| {
            read.map_err(|error| match error {
                ReadError::TooLarge => Failure::TooLarge(limits.bytes),
                ReadError::BrokeOff => Failure::BrokeOff,
            })
        })
    }

    /// Returns when a delivery must end since the process stops: then none gets more time than `DELIVERY_TIMEOUT`.
    async fn shutdown(&self, timeout: Timeout, received: Instant) {
        match timeout {
            Timeout::Delivery => pending().await,
            Timeout::ServiceBus => {
                self.stopping.cancelled().await;
                sleep_until(received + self.bridge.delivery_timeout()).await;
            }
        }
    }

    /// Says that we want the subscription.
    async fn validate(&self, body: Body) -> Response {
        let code = match self.read(body, Limits::WEBHOOK, Instant::now()).await {
            Ok((body, _)) => webhook::validation_code(&body).ok_or(Failure::NoValidationCode),
            Err(failure) => Err(failure),
        };
        match code {
            Ok(code) => {
                info!("Event Grid was told that its events are wanted.");
                Json(json!({"validationResponse": code})).into_response()
            }
            Err(failure) => failure.into_response(),
        }
    }
}

impl Source {
    /// One line per delivery; a second one only where an operator has something to look at.
    fn log(&self, counts: Counts, set_aside: Option<&str>, took: Duration) {
        let Self { function, subscription, attempt } = self;
        let (subscription, attempt) = (subscription.as_deref(), attempt.as_deref());
        let Counts { events, records, empty, ignored, repeats, set_aside: dead_letters } = counts;
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        info!(
            function,
            subscription,
            attempt,
            events,
            records,
            empty,
            ignored,
            repeats,
            set_aside = dead_letters,
            ms,
            "Delivered."
        );
        if let Some(first) = set_aside {
            warn!(function, set_aside = dead_letters, "Set aside as dead letters; the first for this reason: {first}");
        }
    }
}

/// A panic is a mistake of ours; the delivery fails and comes again, the process goes on.
fn panicked(_: Box<dyn Any + Send>) -> Response<Body> {
    let detail = "twin-bridge has a fault; please report the lines above this one.";
    problem(StatusCode::INTERNAL_SERVER_ERROR, "panic", detail)
}

#[cfg(test)]
mod tests;

//! The HTTP face of the bridge, which only the Functions host on the same machine talks to.
//!
//! `POST /{function}` takes a delivery, `GET /` tells how the bridge is. The host throws the body of a failing answer
//! away, so the reason of each goes to the log as well.

use std::{any::Any, io, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use event_hub_producer::Status;
use serde_json::json;
use tokio::{
    net::TcpListener,
    time::{Instant, sleep, timeout_at},
};
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::{error, info, warn};

use crate::{
    body::{self, MAX_BODY, Unread},
    bridge::{Bridge, Delivered, DeliveryError},
    counts::{Counts, Totals},
    telemetry::Telemetry,
};

/// What is left to a delivery beyond its own time when the bridge is stopped.
const GRACE: Duration = Duration::from_secs(1);

/// Serves deliveries until `stop`, then takes no more and finishes those in flight.
pub async fn serve(
    listener: TcpListener,
    bridge: Bridge,
    telemetry: Telemetry,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let grace = bridge.delivery_timeout() + GRACE;
    let stopping = CancellationToken::new();
    let server = axum::serve(listener, router(bridge, telemetry)).with_graceful_shutdown({
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
            warn!("Some deliveries were not finished in time; Event Grid delivers them again.");
            Ok(())
        }
    }
}

/// What every request shares.
#[derive(Debug)]
struct App {
    bridge: Bridge,
    totals: Totals,
    telemetry: Telemetry,
}

fn router(bridge: Bridge, telemetry: Telemetry) -> Router {
    let app = App { bridge, totals: Totals::default(), telemetry };
    Router::new()
        .route("/", get(status))
        .route("/{function}", post(deliver))
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

async fn deliver(State(app): State<Arc<App>>, Path(function): Path<String>, request: Request) -> Response {
    let started = Instant::now();
    let _in_flight = app.totals.begin();
    let mut observation = app.telemetry.begin();
    let deadline = started + app.bridge.delivery_timeout();
    let result = match timeout_at(deadline, body::read(app.bridge.memory(), request.into_body())).await {
        Ok(Ok((body, memory))) => {
            app.bridge.deliver(body, memory, deadline, &mut observation).await.map_err(Failure::Delivery)
        }
        Ok(Err(Unread::TooLarge)) => Err(Failure::TooLarge),
        Ok(Err(Unread::BrokeOff)) => Err(Failure::BrokeOff),
        Err(_) => Err(Failure::NoMemory),
    };
    match result {
        Ok(Delivered { counts, response }) => {
            app.totals.delivered(counts);
            observation.delivered(counts);
            log(&function, counts, &response.logs, started.elapsed());
            Json(response).into_response()
        }
        Err(failure) => {
            app.totals.failed(failure.kind());
            observation.failed(failure.kind());
            problem(failure.status(), failure.kind(), &failure.to_string())
        }
    }
}

/// Why a delivery is answered as failed. All make the host fail the invocation and Event Grid deliver again.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Delivery(DeliveryError),
    #[error("The delivery is larger than {MAX_BODY} bytes. Lower maxEventsPerBatch of the Event Grid subscription.")]
    TooLarge,
    #[error("The delivery broke off before its end.")]
    BrokeOff,
    #[error(
        "The delivery could not be read in time: others, which wait for the event hub, fill the memory set aside for them."
    )]
    NoMemory,
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self {
            Self::Delivery(DeliveryError::Invocation(_)) | Self::BrokeOff => StatusCode::BAD_REQUEST,
            Self::Delivery(DeliveryError::Hub(_)) | Self::NoMemory => StatusCode::SERVICE_UNAVAILABLE,
            Self::Delivery(DeliveryError::DeadLetter(_)) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Delivery(error) => error.kind(),
            Self::TooLarge => "tooLargeDelivery",
            Self::BrokeOff => "brokeOff",
            Self::NoMemory => "noMemory",
        }
    }
}

/// One line per delivery; a second one only where an operator has something to look at.
fn log(function: &str, counts: Counts, set_aside: &[String], took: Duration) {
    let Counts { events, records, empty, ignored, repeats, set_aside: dead_letters } = counts;
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    info!(function, events, records, empty, ignored, repeats, set_aside = dead_letters, ms, "Delivered.");
    if let Some(first) = set_aside.first() {
        warn!(function, set_aside = dead_letters, "Set aside as dead letters; the first for this reason: {first}");
    }
}

/// A failing answer: a problem document (RFC 9457) for people who call the bridge by hand, and a line in the log for
/// everyone else.
fn problem(status: StatusCode, kind: &'static str, detail: &str) -> Response {
    error!(status = status.as_u16(), kind, "The delivery failed. {detail}");
    let document = json!({
        "title": status.canonical_reason().unwrap_or("Failed"),
        "status": status.as_u16(),
        "kind": kind,
        "detail": detail,
    });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], document.to_string()).into_response()
}

/// A panic is a mistake of ours; the delivery fails and comes again, the process goes on.
fn panicked(_: Box<dyn Any + Send>) -> Response<Body> {
    let detail = "twin-bridge has a fault; please report the lines above this one.";
    problem(StatusCode::INTERNAL_SERVER_ERROR, "panic", detail)
}

#[cfg(test)]
mod tests;

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
use http_body_util::BodyExt;
use serde_json::json;
use tokio::{
    net::TcpListener,
    time::{Instant, sleep, timeout_at},
};
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::{error, info, warn};

use crate::{
    bridge::{Bridge, Delivered, DeliveryError},
    event_hub::Status,
};

/// The largest delivery: Event Grid's is 1 MB, and the host repeats the payload.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// What is left to a delivery beyond its own time when the bridge is stopped.
const GRACE: Duration = Duration::from_secs(1);

/// Serves deliveries until `stop`, then takes no more and finishes those in flight.
///
/// # Errors
/// The listener's.
pub async fn serve(
    listener: TcpListener,
    bridge: Arc<Bridge>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let grace = bridge.delivery_timeout() + GRACE;
    let stopping = CancellationToken::new();
    let server = axum::serve(listener, router(bridge)).with_graceful_shutdown({
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

fn router(bridge: Arc<Bridge>) -> Router {
    Router::new()
        .route("/", get(status))
        .route("/{function}", post(deliver))
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(bridge)
}

/// The host polls this at start; any answer at all means that the handler is up.
async fn status(State(bridge): State<Arc<Bridge>>) -> Json<serde_json::Value> {
    let (hub, reason) = match bridge.hub_status() {
        Status::Connecting => ("connecting", None),
        Status::Ready => ("ready", None),
        Status::Failing(error) => (error.kind(), Some(error.to_string())),
    };
    Json(json!({
        "name": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
        "eventHub": hub,
        "reason": reason,
    }))
}

async fn deliver(State(bridge): State<Arc<Bridge>>, Path(function): Path<String>, request: Request) -> Response {
    let started = Instant::now();
    let deadline = started + bridge.delivery_timeout();
    let body = match timeout_at(deadline, read(request.into_body())).await {
        Ok(Ok(Some(body))) => body,
        Ok(Ok(None)) => {
            return problem(StatusCode::PAYLOAD_TOO_LARGE, &format!("The delivery is larger than {MAX_BODY} bytes."));
        }
        Ok(Err(_)) => return problem(StatusCode::BAD_REQUEST, "The delivery broke off before its end."),
        Err(_) => return problem(StatusCode::REQUEST_TIMEOUT, "The delivery did not arrive in time."),
    };
    let result = bridge.deliver(&body, deadline).await;
    let ms = started.elapsed().as_millis();
    match result {
        Ok(delivered) => {
            log(&function, &delivered, ms);
            Json(delivered.into_response()).into_response()
        }
        Err(error) => problem(status_of(&error), &error.to_string()),
    }
}

/// How each failure is answered. All make the host fail the invocation and Event Grid deliver again.
fn status_of(error: &DeliveryError) -> StatusCode {
    match error {
        DeliveryError::Invocation(_) => StatusCode::BAD_REQUEST,
        DeliveryError::Hub(_) => StatusCode::SERVICE_UNAVAILABLE,
        DeliveryError::DeadLetter(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn log(function: &str, delivered: &Delivered, ms: u128) {
    for reason in &delivered.set_aside {
        warn!(function, "An event was set aside as a dead letter. {reason}");
    }
    info!(
        function,
        events = delivered.events,
        records = delivered.records,
        empty = delivered.empty,
        ignored = delivered.ignored,
        set_aside = delivered.set_aside.len(),
        ms,
        "Delivered."
    );
}

/// A failing answer: a problem document (RFC 9457) for people who call the bridge by hand, and a line in the log for
/// everyone else.
fn problem(status: StatusCode, detail: &str) -> Response {
    error!(status = status.as_u16(), "The delivery failed. {detail}");
    let document = json!({
        "title": status.canonical_reason().unwrap_or("Failed"),
        "status": status.as_u16(),
        "detail": detail,
    });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], document.to_string()).into_response()
}

/// A panic is a mistake of ours; the delivery fails and comes again, the process goes on.
fn panicked(_: Box<dyn Any + Send>) -> Response<Body> {
    problem(StatusCode::INTERNAL_SERVER_ERROR, "twin-bridge has a fault; please report the lines above this one.")
}

/// Reads a body, or answers `None` for one that is too large. Such a body is read to its end all the same, and dropped:
/// a sender that is still writing when the connection closes would not see the answer.
async fn read(mut body: Body) -> Result<Option<Vec<u8>>, axum::Error> {
    let mut bytes = Some(Vec::new());
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        match &mut bytes {
            Some(read) if read.len() + data.len() <= MAX_BODY => read.extend_from_slice(&data),
            _ => bytes = None,
        }
    }
    Ok(bytes)
}

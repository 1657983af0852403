//! The floor: a bare axum handler that reads the body and answers, at once or as late as the hub would. No handler on
//! this HTTP library can be faster, and no language's runtime is in its way.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::header,
    response::IntoResponse,
    routing::{get, post},
};
use futures_timer::Delay;
use tokio::{net::TcpListener, runtime::Runtime};

/// What every handler answers to an invocation that is done.
const ANSWER: &str = "{}";

/// What the process that is the floor does, until it is killed.
pub fn serve() {
    let port: u16 = std::env::var("FUNCTIONS_CUSTOMHANDLER_PORT").unwrap().parse().unwrap();
    Runtime::new().unwrap().block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let router = Router::new()
            .route("/", get(|| async { "{}" }))
            .route("/delay/{milliseconds}", post(delay))
            .route("/{function}", post(invocation))
            .route("/api/events", post(deliver))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::default());
        axum::serve(listener, router).await.unwrap();
    });
}

type Milliseconds = State<Arc<AtomicU64>>;

async fn delay(State(delay): Milliseconds, Path(milliseconds): Path<u64>) {
    delay.store(milliseconds, Ordering::Relaxed);
}

async fn invocation(delay: Milliseconds, body: Bytes) -> impl IntoResponse {
    deliver(delay, body).await;
    ([(header::CONTENT_TYPE, "application/json")], ANSWER)
}

/// By the webhook, whose answer is empty.
async fn deliver(State(delay): Milliseconds, body: Bytes) {
    drop(body);
    match delay.load(Ordering::Relaxed) {
        0 => {}
        // As exact as the hub's.
        milliseconds => Delay::new(Duration::from_millis(milliseconds)).await,
    }
}

//! A webhook that answers what it is told, and events to publish.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use local_azure::event_grid::{Config, Endpoint, EventGrid, Schema, Snapshot, Subscription, SubscriptionSnapshot};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::timeout;

/// Nothing here takes as long; a test that would hang fails instead.
pub(crate) const SOON: Duration = Duration::from_secs(30);

pub(crate) const SCHEMAS: [Schema; 2] = [Schema::EventGrid, Schema::CloudEvents];

/// A request of a delivery.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) at: Instant,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The ids of the events in it.
    pub(crate) fn ids(&self) -> Vec<String> {
        let id = |event: &Value| event["id"].as_str().unwrap().to_owned();
        match self.json() {
            Value::Array(events) => events.iter().map(id).collect(),
            event => vec![id(&event)],
        }
    }
}

/// How the webhook answers a delivery.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    Status(u16),
    /// 200, but not before [`Webhook::release`].
    Hold,
}

/// How the webhook answers a handshake.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Agreement {
    /// As it should.
    Yes,
    /// As it should, but for the status.
    Status(u16),
    /// 200 without what Event Grid wants to see.
    Empty,
    /// 200 with another code, another origin.
    Wrong,
}

struct Inner {
    received: Mutex<Vec<Received>>,
    handshakes: Mutex<Vec<Received>>,
    /// The next answers, then the last one for ever.
    answers: Mutex<VecDeque<Answer>>,
    agreements: Mutex<VecDeque<Agreement>>,
    gate: Semaphore,
    changes: watch::Sender<()>,
}

/// An endpoint for deliveries inside the test.
pub(crate) struct Webhook {
    pub(crate) address: SocketAddr,
    inner: Arc<Inner>,
}

impl Webhook {
    pub(crate) async fn start(answers: &[Answer]) -> Self {
        Self::with_agreements(answers, &[Agreement::Yes]).await
    }

    pub(crate) async fn with_agreements(answers: &[Answer], agreements: &[Agreement]) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), answers, agreements)
    }

    pub(crate) fn on(listener: TcpListener, answers: &[Answer], agreements: &[Agreement]) -> Self {
        let inner = Arc::new(Inner {
            received: Mutex::default(),
            handshakes: Mutex::default(),
            answers: Mutex::new(answers.iter().copied().collect()),
            agreements: Mutex::new(agreements.iter().copied().collect()),
            gate: Semaphore::new(0),
            changes: watch::Sender::new(()),
        });
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(respond).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, inner }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook?code=secret", self.address)
    }

    /// Lets so many deliveries go that are held, or will be.
    pub(crate) fn release(&self, deliveries: usize) {
        self.inner.gate.add_permits(deliveries);
    }

    /// All deliveries so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.inner.received.lock().clone()
    }

    pub(crate) fn handshakes(&self) -> Vec<Received> {
        self.inner.handshakes.lock().clone()
    }

    /// Waits until there were so many deliveries, and gives them all.
    pub(crate) async fn deliveries(&self, count: usize) -> Vec<Received> {
        let mut changes = self.inner.changes.subscribe();
        let enough = async {
            while self.inner.received.lock().len() < count {
                changes.changed().await.unwrap();
            }
        };
        timeout(SOON, enough).await.expect("too few deliveries");
        self.received()
    }
}

fn next<T: Copy>(answers: &Mutex<VecDeque<T>>) -> T {
    let mut answers = answers.lock();
    if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0] }
}

async fn respond(
    State(inner): State<Arc<Inner>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let received = Received { method, path: uri.to_string(), headers, body, at: Instant::now() };
    if received.method == Method::GET {
        return StatusCode::NOT_FOUND.into_response();
    }
    if received.method == Method::OPTIONS || received.header("aeg-event-type") == Some("SubscriptionValidation") {
        let response = agree(next(&inner.agreements), &received);
        inner.handshakes.lock().push(received);
        return response;
    }
    inner.received.lock().push(received);
    inner.changes.send_replace(());
    let status = match next(&inner.answers) {
        Answer::Status(status) => status,
        Answer::Hold => {
            inner.gate.acquire().await.unwrap().forget();
            200
        }
    };
    // The body is what a handler answers to a Functions host, so that this can be one too.
    (StatusCode::from_u16(status).unwrap(), [("content-type", "application/json")], "{}").into_response()
}

fn agree(agreement: Agreement, asked: &Received) -> Response {
    let status = if let Agreement::Status(status) = agreement { status } else { 200 };
    let status = StatusCode::from_u16(status).unwrap();
    let wrong = matches!(agreement, Agreement::Wrong);
    if matches!(agreement, Agreement::Empty) {
        status.into_response()
    } else if asked.method == Method::OPTIONS {
        let origin = if wrong { "example.com" } else { asked.header("webhook-request-origin").unwrap() };
        (status, [("webhook-allowed-origin", origin.to_owned())]).into_response()
    } else {
        let code = if wrong { json!("another") } else { asked.json()[0]["data"]["validationCode"].clone() };
        (status, json!({ "validationResponse": code }).to_string()).into_response()
    }
}

/// An event in that schema.
pub(crate) fn event(schema: Schema, id: &str) -> Value {
    match schema {
        Schema::EventGrid => json!({
            "id": id,
            "subject": "twin",
            "eventType": "Microsoft.DigitalTwins.Twin.Update",
            "eventTime": "2021-12-09T20:28:52.9795363Z",
            "dataVersion": "1.0",
            "metadataVersion": "1",
            "topic": "/topics/t",
            "data": {"data": {"modelId": "dtmi:m;1", "patch": [{"value": 1, "path": "/a", "op": "replace"}]}},
        }),
        Schema::CloudEvents => json!({
            "specversion": "1.0",
            "id": id,
            "source": "host",
            "type": "Microsoft.DigitalTwins.Twin.Update",
            "time": "2021-12-09T20:28:52.9795363Z",
            "subject": "twin",
            "datacontenttype": "application/json",
            "data": {"modelId": "dtmi:m;1", "patch": [{"value": 1, "path": "/a", "op": "replace"}]},
        }),
    }
}

/// A topic in a test, and the way to its channel.
pub(crate) struct Topic {
    pub(crate) grid: EventGrid,
    pub(crate) events: mpsc::Sender<Value>,
    schema: Schema,
}

impl Topic {
    /// A topic with that subscription, ten thousand times faster than Azure unless `adjust` changes that.
    pub(crate) async fn start(schema: Schema, subscription: Subscription, adjust: impl FnOnce(&mut Config)) -> Self {
        let (events, receiver) = mpsc::channel(2);
        let mut config = Config::new(schema, receiver);
        config.subscriptions.push(subscription);
        config.time_scale = 0.000_1;
        adjust(&mut config);
        Self { grid: EventGrid::start(config).await.unwrap(), events, schema }
    }

    pub(crate) async fn publish(&self, ids: &[&str]) {
        for id in ids {
            self.events.send(event(self.schema, id)).await.unwrap();
        }
    }

    /// Waits until that holds for the only subscription.
    pub(crate) async fn until(&self, condition: impl Fn(&SubscriptionSnapshot) -> bool) -> SubscriptionSnapshot {
        let met = self.grid.wait_until(SOON, |snapshot: &Snapshot| condition(&snapshot.subscriptions[0])).await;
        let snapshot = self.grid.snapshot().subscriptions.remove(0);
        assert!(met, "{snapshot:?}");
        snapshot
    }
}

/// A subscription to that webhook.
pub(crate) fn subscription(webhook: &Webhook) -> Subscription {
    Subscription::to("to-the-hook", Endpoint::WebHook(webhook.url()))
}

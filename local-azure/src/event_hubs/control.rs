//! The endpoint's control API: HTTP on loopback, by which any program can look into the hub, and make it misbehave as
//! tests do through [`Faults`](super::Faults). `docs/local.md` shows its use.

use std::{
    fmt::Write as _,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::{StatusCode, header},
    response::IntoResponse,
    routing::{MethodRouter, get, post, put},
};
use serde::Deserialize;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use tokio::{net::TcpListener, task::JoinHandle};

use super::{
    endpoint::EventHubs,
    misbehaviour::{Answer, Cut, Matching},
};
use crate::amqp::misbehaviour::{Reception, TokenAnswer};

/// A control API at work. Dropping it ends it.
#[derive(Debug)]
pub struct Control {
    address: SocketAddr,
    task: JoinHandle<io::Result<()>>,
}

impl Control {
    /// Listens on loopback, on a port of the system's choice if it is 0.
    pub async fn start(hubs: Arc<EventHubs>, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(axum::serve(listener, router(hubs)).into_future());
        Ok(Self { address, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn router(hubs: Arc<EventHubs>) -> Router {
    Router::new()
        .route("/state", get(state))
        .route("/events", get(events))
        .route("/faults", put(faults))
        .route("/held/release", act(|hubs| hubs.faults().release_held()))
        .route("/tokens/expire", act(|hubs| hubs.faults().expire_tokens()))
        .route("/connections/cut", act(|hubs| hubs.faults().cut_connections()))
        .route("/pause", act(EventHubs::pause))
        .route("/resume", post(resume))
        .with_state(hubs)
}

type Hubs = State<Arc<EventHubs>>;

/// A request that makes something happen at once.
fn act(happen: fn(&EventHubs)) -> MethodRouter<Arc<EventHubs>> {
    post(move |hubs: Hubs| async move {
        happen(&hubs);
        StatusCode::NO_CONTENT
    })
}

async fn resume(hubs: Hubs) -> Result<StatusCode, (StatusCode, String)> {
    // Something else may have taken the port meanwhile.
    hubs.resume().map_err(|error| (StatusCode::CONFLICT, error.to_string()))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn state(hubs: Hubs) -> Json<Value> {
    let described: serde_json::Map<_, _> = hubs
        .hub_names()
        .map(|name| {
            let hub = json!({"retained": hubs.retained(name), "transfers": hubs.transfers(name)});
            (name.to_owned(), hub)
        })
        .collect();
    Json(json!({
        "address": hubs.address(),
        "paused": hubs.is_paused(),
        "connections": hubs.connections(),
        "hubs": described,
    }))
}

/// All that shall be wrong. What is left out is well.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Misbehaviour {
    connections: Reception,
    tokens: TokenAnswer,
    answer: Answer,
    next: Vec<Next>,
    matching: Vec<Rule>,
    cut_next_transfer: Option<Cut>,
    acknowledgement_delay_ms: Option<u64>,
    max_message_size: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Next {
    count: usize,
    answer: Answer,
}

#[derive(Debug, Deserialize)]
struct Rule {
    #[serde(flatten)]
    event: Matching,
    answer: Answer,
}

async fn faults(hubs: Hubs, Json(wanted): Json<Misbehaviour>) -> StatusCode {
    let faults = hubs.faults();
    faults.heal();
    faults.receive_connections(wanted.connections);
    faults.answer_tokens(wanted.tokens);
    faults.answer(wanted.answer);
    for Next { count, answer } in wanted.next {
        faults.answer_next(count, answer);
    }
    for Rule { event, answer } in wanted.matching {
        faults.answer_matching(event, answer);
    }
    if let Some(cut) = wanted.cut_next_transfer {
        faults.cut_next_transfer(cut);
    }
    if let Some(delay) = wanted.acknowledgement_delay_ms {
        faults.set_acknowledgement_delay(Duration::from_millis(delay));
    }
    if let Some(bytes) = wanted.max_message_size {
        faults.set_max_message_size(bytes);
    }
    StatusCode::NO_CONTENT
}

#[derive(Debug, Deserialize)]
struct Which {
    hub: String,
}

/// The events of a hub, one a line, in the words that the clients' scripts print them with.
async fn events(hubs: Hubs, Query(Which { hub }): Query<Which>) -> impl IntoResponse {
    let mut lines = String::new();
    for event in hubs.events(&hub) {
        let line = json!({
            "partition": event.partition.to_string(),
            "sequenceNumber": event.sequence_number,
            "offset": event.offset,
            "enqueuedTime": event.enqueued_time.format(&Rfc3339).ok(),
            "messageId": event.message_id,
            "contentType": event.content_type,
            "partitionKey": event.partition_key,
            "properties": event.properties,
            "body": event.text(),
        });
        // Writing to a string can't fail.
        let _ = writeln!(lines, "{line}");
    }
    ([(header::CONTENT_TYPE, "application/x-ndjson")], lines)
}

//! The control API, as a program in another process uses it.

use std::sync::Arc;

use fe2o3_amqp_types::messaging::Outcome;
use local_azure::event_hubs::{Control, EventHubs};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{HUB, TIMEOUT, raw, start};

struct Api {
    hubs: Arc<EventHubs>,
    control: Control,
    http: reqwest::Client,
}

impl Api {
    async fn start() -> Self {
        let hubs = Arc::new(start());
        let control = Control::start(Arc::clone(&hubs), 0).await.unwrap();
        Self { hubs, control, http: reqwest::Client::new() }
    }

    async fn get(&self, path: &str) -> String {
        let answer = self.http.get(format!("{}{path}", self.control.url())).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.text().await.unwrap()
    }

    async fn post(&self, path: &str) {
        let answer = self.http.post(format!("{}{path}", self.control.url())).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    }

    async fn faults(&self, faults: Value) -> StatusCode {
        self.http.put(format!("{}/faults", self.control.url())).json(&faults).send().await.unwrap().status()
    }
}

#[tokio::test]
async fn the_hub_can_be_looked_into() {
    let api = Api::start().await;
    let mut client = raw::Client::authorised(&api.hubs).await;
    let mut link = client.sender(&format!("{HUB}/Partitions/2")).await;
    raw::send(&mut link, raw::identified("hello")).await;

    let state: Value = serde_json::from_str(&api.get("/state").await).unwrap();
    assert_eq!(state["address"], api.hubs.address().to_string());
    assert_eq!(state["connections"], json!({"opened": 1, "open": 1, "closedCleanly": 0}));
    assert_eq!(state["hubs"], json!({HUB: {"retained": 1, "transfers": [0, 0, 1, 0]}}));
    let lines = api.get(&format!("/events?hub={HUB}")).await;
    let event: Value = serde_json::from_str(lines.trim()).unwrap();
    assert_eq!(
        (&event["partition"], &event["messageId"], &event["body"]),
        (&json!("2"), &json!("hello"), &json!("hello"))
    );
    assert_eq!(api.get("/events?hub=other").await, "");
}

#[tokio::test]
async fn a_document_says_all_that_is_wrong() {
    let api = Api::start().await;
    let mut client = raw::Client::authorised(&api.hubs).await;
    let mut link = client.sender(HUB).await;
    let faults = json!({
        "connections": "silent",
        "tokens": {"refuse": {"status": 401, "description": "no"}},
        "answer": {"reject": {"condition": "com.microsoft:server-busy", "description": "wait"}},
        "next": [{"count": 1, "answer": "modify"}],
        "matching": [{"partitionKey": "released", "answer": "release"}, {"messageId": "hello", "answer": "accept"}],
        "acknowledgementDelayMs": 1,
        "maxMessageSize": 10_000,
    });
    assert_eq!(api.faults(faults).await, StatusCode::NO_CONTENT);
    assert!(matches!(raw::send(&mut link, raw::event("", Some("released"))).await, Outcome::Released(_)));
    assert!(raw::send(&mut link, raw::identified("hello")).await.is_accepted());
    assert!(matches!(raw::send(&mut link, raw::event("", None)).await, Outcome::Modified(_)));
    assert!(matches!(raw::send(&mut link, raw::event("", None)).await, Outcome::Rejected(_)));
    assert_eq!(client.put_token("jwt", "amqps://localhost/", "any").await, (401, "no".to_owned()));
    assert_eq!(client.sender(&format!("{HUB}/Partitions/0")).await.max_message_size(), Some(10_000));

    assert_eq!(api.faults(json!({"cutNextTransfer": "afterStoring"})).await, StatusCode::NO_CONTENT);
    let _unanswered = link.send_batchable(raw::event("", None)).await.unwrap();
    assert!(api.hubs.wait_until(TIMEOUT, |hubs| hubs.connections().open == 0).await);
    assert_eq!(api.hubs.events(HUB).len(), 2);

    assert_eq!(api.faults(json!({})).await, StatusCode::NO_CONTENT, "all is well again");
    let mut client = raw::Client::authorised(&api.hubs).await;
    assert!(raw::send(&mut client.sender(HUB).await, raw::event("", None)).await.is_accepted());
    assert_eq!(api.faults(json!({"answr": "silent"})).await, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn things_can_be_made_to_happen() {
    let api = Api::start().await;
    let mut client = raw::Client::authorised(&api.hubs).await;
    let mut link = client.sender(HUB).await;
    api.faults(json!({"next": [{"count": 1, "answer": "hold"}]})).await;
    let held = link.send_batchable(raw::event("", None)).await.unwrap();
    assert!(api.hubs.wait_until(TIMEOUT, |hubs| !hubs.events(HUB).is_empty()).await);
    api.post("/held/release").await;
    assert!(held.await.unwrap().is_accepted());

    api.post("/tokens/expire").await;
    let _unanswered = link.send_batchable(raw::event("", None)).await.unwrap();
    assert!(format!("{:?}", link.on_detach().await).contains("ExpiredToken"));

    api.post("/connections/cut").await;
    assert!(api.hubs.wait_until(TIMEOUT, |hubs| hubs.connections().open == 0).await);
    api.post("/pause").await;
    assert!(tokio::net::TcpStream::connect(api.hubs.address()).await.is_err());
    assert_eq!(serde_json::from_str::<Value>(&api.get("/state").await).unwrap()["paused"], true);
    api.post("/resume").await;
    raw::Client::authorised(&api.hubs).await.close().await;
}

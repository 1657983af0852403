//! The webhook, as the Functions host forwards it: requests as a running host forwarded them, and Event Grid's handshakes.

use std::fs;

use serde_json::{Value, json};

use crate::{
    handler::{Handler, hub, update},
    repository::root,
};

/// How the handler answers a request to the webhook.
struct Answer {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: String,
}

async fn post(handler: &Handler, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
    let url = format!("{}/api/events?code=SECRET1", handler.url());
    let mut request = reqwest::Client::new().post(url).body(body.into());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    answer(request).await
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: response.text().await.unwrap() }
}

fn cloud_event(id: &str) -> Value {
    json!({
        "specversion": "1.0", "id": id, "type": "Microsoft.DigitalTwins.Twin.Update", "subject": "t",
        "source": "contoso.api.weu.digitaltwins.azure.net", "time": "2021-12-09T20:28:52.9795363Z",
        "data": {"modelId": "dtmi:example:step;1", "patch": [{"op": "replace", "path": "/a", "value": 1}]}
    })
}

/// Every request that a running host forwarded is taken, and its digits stay as they are.
#[tokio::test]
async fn every_recorded_request_is_answered() {
    let recordings = fs::read_to_string(root().join("tests/fixtures/recordings/webhook-http/requests.json")).unwrap();
    let recordings: Vec<Value> = serde_json::from_str(&recordings).unwrap();
    let hub = hub();
    let handler = Handler::start(&hub, &[]).await;
    let mut deliveries = 0;
    for recording in &recordings {
        let method = recording["method"].as_str().unwrap().parse::<reqwest::Method>().unwrap();
        let url = recording["url"].as_str().unwrap().replace("<function key>", "SECRET1");
        let mut request = reqwest::Client::new().request(method.clone(), format!("{}{url}", handler.url()));
        let headers: Vec<_> =
            recording["rawHeaders"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
        for header in headers.chunks(2).filter(|header| !["Host", "Content-Length"].contains(&header[0])) {
            request = request.header(header[0], header[1]);
        }
        let body = recording["body"].as_str().unwrap_or_default().to_owned();
        if recording["bodyLength"].as_u64() != Some(body.len() as u64) {
            continue;
        }
        let is_delivery = url.starts_with("/api/events") && method == reqwest::Method::POST;
        deliveries += usize::from(is_delivery);
        let answer = answer(request.body(body)).await;
        assert_eq!(answer.status, 200, "{recording}: {}", answer.body);
        if is_delivery {
            assert_eq!(answer.body, "");
        }
    }
    assert!(deliveries > 5);
    let texts: Vec<_> = hub.events("twins").iter().map(|event| event.text().into_owned()).collect();
    for digits in [r#""Value":1.10,"#, r#""Value":12345678901234567890123,"#, r#""Value":1e400,"#] {
        assert!(texts.iter().any(|text| text.contains(digits)), "{digits}: {texts:?}");
    }
}

#[tokio::test]
async fn both_schemas_are_taken_single_and_in_batches() {
    let hub = hub();
    let handler = Handler::start(&hub, &[]).await;
    let bodies = [
        ("application/json; charset=utf-8", json!([update("eg", "t", &[("/a", json!(1))])]).to_string()),
        ("application/json", format!("\u{feff}{}", json!([update("mark", "t", &[("/a", json!(1))])]))),
        ("application/cloudevents+json; charset=utf-8", cloud_event("ce").to_string()),
        ("application/cloudevents-batch+json", json!([cloud_event("batch1"), cloud_event("batch2")]).to_string()),
        ("text/plain", json!([]).to_string()),
    ];
    for (content_type, body) in bodies {
        let answer = post(&handler, &[("Content-Type", content_type), ("AEG-Event-Type", "notification")], body).await;
        assert_eq!((answer.status, &*answer.body), (200, ""), "{content_type}");
    }
    let ids: Vec<_> = hub.events("twins").into_iter().map(|event| event.message_id.unwrap()).collect();
    assert_eq!(ids, ["eg#0", "mark#0", "ce#0", "batch1#0", "batch2#0"]);
}

#[tokio::test]
async fn event_grid_s_handshakes_are_answered() {
    let handler = Handler::start(&hub(), &[]).await;
    let validation = json!([{
        "id": "2d1781af", "topic": "/t", "subject": "", "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "data": {"validationCode": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6", "validationUrl": "http://127.0.0.1:1/never"},
        "eventTime": "2026-01-25T22:12:19.4556811Z", "metadataVersion": "1", "dataVersion": "1"
    }]);
    let answer = post(&handler, &[("aeg-event-type", "SubscriptionValidation")], validation.to_string()).await;
    assert_eq!(answer.status, 200);
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body, json!({"validationResponse": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}));
    let answer = post(&handler, &[("aeg-event-type", "SubscriptionValidation")], "[{}]").await;
    assert_eq!(answer.status, 400);

    let url = format!("{}/api/events?code=SECRET1", handler.url());
    let options = || reqwest::Client::new().request(reqwest::Method::OPTIONS, &url);
    let answer = self::answer(
        options()
            .header("WebHook-Request-Origin", "eventgrid.azure.net")
            .header("WebHook-Request-Callback", "http://127.0.0.1:1/never"),
    )
    .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["webhook-allowed-origin"], "eventgrid.azure.net");
    assert_eq!(answer.headers["webhook-allowed-rate"], "*");
    assert_eq!(self::answer(options()).await.status, 400);

    for farewell in ["SubscriptionDeletion", "Unsubscribe"] {
        assert_eq!(post(&handler, &[("aeg-event-type", farewell)], "[]").await.status, 200);
    }
}

/// Event Grid gives a delivery up at once for 400, 401, 403 and 413.
#[tokio::test]
async fn only_what_nobody_can_mend_is_refused_for_good() {
    let hub = hub();
    let handler = Handler::start(&hub, &[("DELIVERY_TIMEOUT", "1s")]).await;
    for body in [&b"no JSON"[..], b"5", b"\"text\"", b"[{]", b"", b"[\"\xff\"]"] {
        assert_eq!(post(&handler, &[], body).await.status, 400, "{body:?}");
    }
    assert_eq!(post(&handler, &[], vec![b' '; 17 * 1024 * 1024]).await.status, 413);
    hub.pause();
    let answer = post(&handler, &[], json!([update("e", "t", &[("/a", json!(1))])]).to_string()).await;
    assert_eq!((answer.status, answer.headers["retry-after"].to_str().unwrap()), (503, "10"));
}

/// It stands in the address, and in headers that repeat the address.
#[tokio::test]
async fn the_function_key_stands_in_no_log() {
    let hub = hub();
    let handler = Handler::start(&hub, &[("LOG_LEVEL", "trace"), ("DELIVERY_TIMEOUT", "1s")]).await;
    let repeats = [
        ("x-original-url", "/api/events?code=SECRET1"),
        ("x-waws-unencoded-url", "/api/events?code=SECRET1"),
        ("x-functions-key", "SECRET1"),
        ("aeg-event-type", "Notification"),
        ("aeg-subscription-name", "TWIN-BRIDGE"),
        ("aeg-delivery-count", "2"),
    ];
    let events = json!([update("e", "t", &[("/a", json!(1))]), {"id": "bad"}]);
    assert_eq!(post(&handler, &repeats, events.to_string()).await.status, 200);
    assert_eq!(post(&handler, &repeats, "no JSON").await.status, 400);
    hub.pause();
    assert_eq!(post(&handler, &repeats, json!([update("f", "t", &[("/a", json!(1))])]).to_string()).await.status, 503);
    let line = handler.logged("Delivered.").await;
    assert_eq!((&line["subscription"], &line["attempt"]), (&json!("TWIN-BRIDGE"), &json!("2")));
    handler.logged("The delivery failed. The event hub").await;
    assert!(!handler.log().contains("SECRET1"), "{}", handler.log());
}

//! The real executable with the feature `opentelemetry`, and a collector on the other side: what it is told, and that no
//! trouble with it is trouble for a delivery.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod collector;
#[path = "../it/handler.rs"]
#[allow(dead_code, reason = "shared with the other tests, which use all of it")]
mod handler;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use local_azure::event_hubs::{Answer as HubAnswer, EventHubs};
use opentelemetry_proto::tonic::trace::v1::{span::SpanKind, status::StatusCode};
use serde_json::{Value, json};

use collector::{Collector, Mood, attributes};
use handler::{Handler, hub, settings, update};

const TRACE: &str = "18f4e34b3e4a784aadf5913917537e7d";
const SPAN: &str = "691a71e0a220d642";

/// Exports at once what there is, and gives an export little time.
const SOON: [(&str, &str); 3] =
    [("OTEL_BSP_SCHEDULE_DELAY", "20"), ("OTEL_METRIC_EXPORT_INTERVAL", "20"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "300")];

async fn start(hub: &EventHubs, collector: &Collector, more: &[(&str, &str)]) -> Handler {
    let more = more.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
    Handler::with(settings(hub).into_iter().chain(collector.settings()).chain(more)).await
}

/// A notification that happened under this trace context.
fn traced(id: &str, traceparent: &str) -> Value {
    let mut event = update(id, "t", &[("/a", json!(1))]);
    event["data"]["traceparent"] = json!(traceparent);
    event
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

fn pairs<const N: usize>(list: [(&str, &str); N]) -> BTreeMap<String, String> {
    list.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

#[tokio::test]
async fn a_delivery_continues_the_trace_of_its_notification() {
    let (hub, collector) = (hub(), Collector::start(Mood::Takes).await);
    let handler = start(&hub, &collector, &SOON).await;
    handler.deliver(&json!([update("e", "t", &[("/a", json!(1)), ("/b", json!(2))])])).await.assert_delivered();

    let [span] = collector.spans(1).await.try_into().unwrap();
    assert_eq!((&*hex(&span.trace_id), &*hex(&span.parent_span_id)), (TRACE, SPAN));
    assert_eq!(span.links.len(), 1);
    assert_eq!((&*hex(&span.links[0].trace_id), &*hex(&span.links[0].span_id)), (TRACE, SPAN));
    assert_eq!((&*span.name, span.kind()), ("process", SpanKind::Consumer));
    assert_eq!(span.status.clone().unwrap_or_default().code(), StatusCode::Unset);
    assert!(span.end_time_unix_nano > span.start_time_unix_nano);
    let expected = pairs([
        ("messaging.system", "eventgrid"),
        ("messaging.operation.name", "process"),
        ("messaging.operation.type", "process"),
        ("messaging.batch.message_count", "1"),
        ("twin_bridge.outcome", "delivered"),
        ("twin_bridge.records", "2"),
        ("twin_bridge.empty_events", "0"),
        ("twin_bridge.ignored_events", "0"),
        ("twin_bridge.repeated_events", "0"),
        ("twin_bridge.set_aside_events", "0"),
    ]);
    similar_asserts::assert_eq!(attributes(&span.attributes), expected);
    assert_eq!(collector.taken().resource["service.name"], "twin-bridge");
}

#[tokio::test]
async fn a_delivery_of_several_traces_begins_one_of_its_own_and_links_to_theirs() {
    let (hub, collector) = (hub(), Collector::start(Mood::Takes).await);
    let handler = start(&hub, &collector, &SOON).await;
    let other = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let events = [update("a", "t", &[("/a", json!(1))]), traced("b", other), traced("c", other), traced("d", "none")];
    handler.deliver(&json!(events)).await.assert_delivered();

    let [span] = collector.spans(1).await.try_into().unwrap();
    assert!(span.parent_span_id.is_empty());
    assert!(![TRACE, "0af7651916cd43dd8448eb211c80319c"].contains(&&*hex(&span.trace_id)));
    let links: Vec<_> = span.links.iter().map(|link| (hex(&link.trace_id), hex(&link.span_id))).collect();
    let expected = [(TRACE, SPAN), ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")];
    assert_eq!(links, expected.map(|(trace, span)| (trace.to_owned(), span.to_owned())));
}

#[tokio::test]
async fn a_delivery_that_fails_says_so_on_the_trace_of_its_notification() {
    let (hub, collector) = (hub(), Collector::start(Mood::Takes).await);
    let more = [&SOON[..], &[("DELIVERY_TIMEOUT", "1s")]].concat();
    let handler = start(&hub, &collector, &more).await;
    handler.ready().await;
    hub.faults().answer(HubAnswer::Release);
    handler.deliver(&json!([update("e", "t", &[("/a", json!("not for the trace"))])])).await.reason(503);

    let [span] = collector.spans(1).await.try_into().unwrap();
    assert_eq!((&*hex(&span.trace_id), &*hex(&span.parent_span_id)), (TRACE, SPAN));
    let status = span.status.clone().unwrap();
    assert_eq!((status.code(), &*status.message), (StatusCode::Error, "notAccepted"));
    let attributes = attributes(&span.attributes);
    assert_eq!((&*attributes["error.type"], &*attributes["twin_bridge.outcome"]), ("notAccepted", "notAccepted"));
    assert!(!format!("{span:?}").contains("not for the trace"));
}

/// With the SDK's own intervals, which are longer than this test: what arrives was flushed.
#[tokio::test]
async fn a_stop_flushes_spans_and_metrics_and_the_sums_are_right() {
    let (hub, collector) = (hub(), Collector::start(Mood::Takes).await);
    let more = [
        ("OTEL_SERVICE_NAME", "bridge-7"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=let-me-in"),
    ];
    let mut handler = start(&hub, &collector, &more).await;
    let unknown = json!({"id": "u", "eventType": "Other.Event", "subject": "s", "data": {}, "eventTime": "2021-12-09T20:28:52Z", "dataVersion": "1"});
    let events =
        json!([update("a", "t", &[("/a", json!(1)), ("/b", json!(2))]), update("a", "t", &[]), unknown, {"id": "bad"}]);
    let answer = handler.deliver(&events).await;
    answer.assert_delivered();
    assert_eq!(handler.dead_letters().len(), 1, "{answer:?}");
    let repeated = update("b", "t", &[("/a", json!(1))]);
    handler.deliver(&json!([repeated, repeated])).await.assert_delivered();
    handler.post("no invocation").await.reason(400);
    handler.terminate();
    assert_eq!(handler.ended().await, Some(0));

    let taken = collector.taken();
    assert_eq!(taken.spans.len(), 3);
    let sum = |name: &str| taken.sums(name)[""];
    let sums = ["events", "records", "empty_events", "ignored_events", "repeated_events", "set_aside_events"]
        .map(|name| sum(&format!("twin_bridge.{name}")));
    assert_eq!(sums, [6, 3, 1, 1, 1, 1]);
    assert_eq!(sum("twin_bridge.active_deliveries"), 0);
    let deliveries = [("badInvocation".to_owned(), 1), ("delivered".to_owned(), 2)];
    assert_eq!(taken.sums("twin_bridge.deliveries"), deliveries.into());
    let durations = [(String::new(), 2), ("badInvocation".to_owned(), 1)];
    assert_eq!(taken.counts("messaging.process.duration"), durations.into());

    assert_eq!(taken.headers["x-key"], "let-me-in");
    assert_eq!(taken.resource["service.name"], "bridge-7");
    assert_eq!(taken.resource["deployment.environment.name"], "test");
    assert!(!handler.log().contains("let-me-in"));
}

#[tokio::test]
async fn a_collector_in_trouble_is_told_of_once_and_harms_no_delivery() {
    for mood in [Mood::Refuses, Mood::Silent] {
        let (hub, collector) = (hub(), Collector::start(mood).await);
        let handler = start(&hub, &collector, &SOON).await;
        handler.ready().await;
        for number in 0..20 {
            let started = Instant::now();
            let event = update(&format!("e{number}"), "t", &[("/a", json!(1))]);
            handler.deliver(&json!([event])).await.assert_delivered();
            assert!(started.elapsed() < Duration::from_secs(2));
        }
        handler.logged("The OpenTelemetry collector takes no spans").await;
        handler.logged("The OpenTelemetry collector takes no metrics").await;
        // One export after another fails meanwhile.
        collector.asked(12).await;
        let log = handler.log();
        assert_eq!(log.matches("The OpenTelemetry collector takes no ").count(), 2, "{log}");
        assert!(log.lines().filter(|line| line.contains("takes no ")).all(|line| line.contains("WARN")), "{log}");

        collector.becomes(Mood::Takes);
        handler.logged("The OpenTelemetry collector takes metrics again.").await;
        handler.deliver(&json!([update("last", "t", &[("/a", json!(1))])])).await.assert_delivered();
        handler.logged("The OpenTelemetry collector takes spans again.").await;
    }
}

#[tokio::test]
async fn a_collector_that_is_not_there_or_silent_does_not_hold_up_a_stop() {
    let hub = hub();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let silent = Collector::start(Mood::Silent).await.settings();
    let absent = vec![("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), format!("http://{nobody}"))];
    for collector in [silent, absent] {
        let mut handler = Handler::with(settings(&hub).into_iter().chain(collector)).await;
        handler.deliver(&json!([update("e", "t", &[("/a", json!(1))])])).await.assert_delivered();
        let started = Instant::now();
        handler.terminate();
        assert_eq!(handler.ended().await, Some(0));
        // Two seconds by intent, and some for a busy machine; the SDK itself would take ten.
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        handler.logged("Stopped.").await;
    }
}

/// The queue is bounded, so memory is; counts have no queue, so none is missing.
#[tokio::test]
async fn spans_that_find_the_queue_full_are_dropped_and_the_counts_stay_right() {
    const DELIVERIES: usize = 300;
    let (hub, collector) = (hub(), Collector::start(Mood::Silent).await);
    let more = [("OTEL_BSP_MAX_QUEUE_SIZE", "32"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8")];
    let mut handler = start(&hub, &collector, &[&more[..], &[("OTEL_EXPORTER_OTLP_TIMEOUT", "60000")]].concat()).await;
    for number in 0..DELIVERIES {
        let event = update(&format!("e{number}"), "t", &[("/a", json!(1))]);
        handler.deliver(&json!([event])).await.assert_delivered();
    }
    collector.asked(1).await;
    collector.becomes(Mood::Takes);
    handler.terminate();
    assert_eq!(handler.ended().await, Some(0));
    let taken = collector.taken();
    let spans = taken.spans.len();
    assert!((32..=48).contains(&spans), "{spans} spans: the queue, and what was under way");
    assert_eq!(taken.sums("twin_bridge.deliveries"), [("delivered".to_owned(), 300)].into());
}

#[tokio::test]
async fn nothing_is_exported_when_the_sdk_is_disabled_or_the_endpoint_is_none() {
    let (hub, collector) = (hub(), Collector::start(Mood::Takes).await);
    let event = json!([update("e", "t", &[("/a", json!(1))])]);
    let mut disabled = start(&hub, &collector, &[("OTEL_SDK_DISABLED", "true")]).await;
    disabled.deliver(&event).await.assert_delivered();
    disabled.terminate();
    assert_eq!(disabled.ended().await, Some(0));
    assert!(collector.taken().spans.is_empty() && collector.taken().metrics.is_empty());

    let bad = [("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), "no endpoint at all".to_owned())];
    let handler = Handler::with(settings(&hub).into_iter().chain(bad)).await;
    handler.logged("No traces are exported").await;
    handler.deliver(&event).await.assert_delivered();
    assert!(!handler.log().contains("no endpoint at all"));
}

//! Microsoft's Rust client. It must run on a current-thread runtime, as `#[tokio::test]` is, and every wait on it needs
//! a limit: it loses answers on other runtimes and has no timeouts of its own.

use std::{collections::HashMap, future::Future};

use azure_messaging_eventhubs::{
    ConsumerClient, EventDataBatchOptions, OpenReceiverOptions, ProducerClient, RetryOptions, StartLocation,
    StartPosition,
    models::{AmqpSimpleValue, EventData, ReceivedEventData},
};
use futures::StreamExt;
use local_azure::event_hubs::EventHubs;
use tokio::time::timeout;

use crate::{HUB, TIMEOUT, start};

/// Waits no longer than is reasonable.
pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    timeout(TIMEOUT, future).await.expect("the client answers in time")
}

fn no_retries() -> RetryOptions {
    RetryOptions { max_retries: 0, ..RetryOptions::default() }
}

/// A producer that may use everything.
pub(crate) async fn producer(hubs: &EventHubs) -> ProducerClient {
    producer_with(hubs, &hubs.connection_string(HUB)).await
}

/// A producer with this connection string.
pub(crate) async fn producer_with(hubs: &EventHubs, connection_string: &str) -> ProducerClient {
    let builder = ProducerClient::builder()
        .with_custom_endpoint(format!("amqp://{}", hubs.address()))
        .with_retry_options(no_retries());
    in_time(builder.open_with_connection_string(connection_string, None)).await.unwrap()
}

/// A consumer of the default group.
pub(crate) async fn consumer(hubs: &EventHubs) -> ConsumerClient {
    let builder = ConsumerClient::builder()
        .with_custom_endpoint(format!("amqp://{}", hubs.address()))
        .with_retry_options(no_retries());
    in_time(builder.open_with_connection_string(&hubs.connection_string(HUB), None)).await.unwrap()
}

/// Sends one batch of events with these bodies.
pub(crate) async fn send(producer: &ProducerClient, bodies: &[&str], options: EventDataBatchOptions) {
    let batch = in_time(producer.create_batch(Some(options))).await.unwrap();
    for body in bodies {
        assert!(batch.try_add_event_data(EventData::builder().with_body(*body).build(), None).unwrap());
    }
    in_time(producer.send_batch(batch, None)).await.unwrap();
}

/// The batch options for a partition id.
pub(crate) fn to_partition(id: &str) -> EventDataBatchOptions {
    EventDataBatchOptions { partition_id: Some(id.to_owned()), ..EventDataBatchOptions::default() }
}

/// The batch options for a partition key.
pub(crate) fn with_key(key: &str) -> EventDataBatchOptions {
    EventDataBatchOptions { partition_key: Some(key.to_owned()), ..EventDataBatchOptions::default() }
}

/// Reads `count` events of a partition from a start position on.
pub(crate) async fn read(
    consumer: &ConsumerClient,
    partition: &str,
    location: StartLocation,
    inclusive: bool,
    count: usize,
) -> Vec<ReceivedEventData> {
    let options = OpenReceiverOptions {
        start_position: Some(StartPosition { location, inclusive }),
        ..OpenReceiverOptions::default()
    };
    let receiver = in_time(consumer.open_receiver_on_partition(partition.to_owned(), Some(options))).await.unwrap();
    let events = in_time(receiver.stream_events().take(count).map(Result::unwrap).collect()).await;
    in_time(receiver.close()).await.unwrap();
    events
}

/// The body as text.
pub(crate) fn text(event: &ReceivedEventData) -> String {
    String::from_utf8(event.event_data().body().unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn what_is_written_can_be_read() {
    let hubs = start();
    let producer = producer(&hubs).await;
    let event = EventData::builder()
        .with_body(r#"{"Temperature":21.5}"#)
        .with_content_type("application/json".to_owned())
        .with_message_id("change-1#0")
        .add_property("Table".to_owned(), "twins")
        .add_property("Index".to_owned(), 7_i64)
        .build();
    let batch = in_time(producer.create_batch(Some(with_key("GrindingStep")))).await.unwrap();
    assert!(batch.try_add_event_data(event, None).unwrap());
    in_time(producer.send_batch(batch, None)).await.unwrap();

    let [stored] = <[_; 1]>::try_from(hubs.wait_for(HUB, 1, TIMEOUT).await.unwrap()).unwrap();
    assert_eq!(stored.text(), r#"{"Temperature":21.5}"#);
    assert_eq!(stored.content_type.as_deref(), Some("application/json"));
    assert_eq!(stored.message_id.as_deref(), Some("change-1#0"));
    assert_eq!(stored.partition_key.as_deref(), Some("GrindingStep"));
    assert_eq!(stored.properties["Table"], "twins");
    assert_eq!(stored.properties["Index"], 7);

    let consumer = consumer(&hubs).await;
    let read = read(&consumer, &stored.partition.to_string(), StartLocation::Earliest, false, 1).await;
    let received = &read[0];
    assert_eq!(text(received), stored.text());
    assert_eq!(received.event_data().content_type(), Some("application/json"));
    assert_eq!(received.partition_key().as_deref(), Some("GrindingStep"));
    assert_eq!(received.sequence_number(), Some(stored.sequence_number));
    assert_eq!(received.offset().as_deref(), Some(stored.offset.as_str()));
    assert_eq!(received.enqueued_time(), Some(stored.enqueued_time.into()));
    let expected = HashMap::from([
        ("Table".to_owned(), AmqpSimpleValue::String("twins".to_owned())),
        ("Index".to_owned(), AmqpSimpleValue::Long(7)),
    ]);
    assert_eq!(received.event_data().properties(), Some(&expected));

    in_time(consumer.close()).await.unwrap();
    in_time(producer.close()).await.unwrap();
    assert!(hubs.wait_until(TIMEOUT, |hubs| hubs.connections().open == 0).await);
    assert_eq!(hubs.connections().closed_cleanly, 2);
}

#[tokio::test]
async fn properties_of_hub_and_partitions_are_told() {
    let hubs = start();
    let producer = producer(&hubs).await;
    send(&producer, &["one", "two"], to_partition("2")).await;

    let hub = in_time(producer.get_eventhub_properties()).await.unwrap();
    assert_eq!(hub.name, HUB);
    assert_eq!(hub.partition_ids, ["0", "1", "2", "3"]);

    let partition = in_time(producer.get_partition_properties("2")).await.unwrap();
    assert_eq!(partition.beginning_sequence_number, 0);
    assert_eq!(partition.last_enqueued_sequence_number, 1);
    assert!(!partition.is_empty);

    let partition = in_time(producer.get_partition_properties("0")).await.unwrap();
    assert_eq!(partition.last_enqueued_sequence_number, -1);
    assert!(partition.is_empty);
}

#[tokio::test]
async fn a_partition_that_is_not_there_is_an_error_at_once() {
    let hubs = start();
    let producer = producer(&hubs).await;
    let error = in_time(producer.create_batch(Some(to_partition("4")))).await.err().unwrap();
    let error = format!("{error:?}");
    assert!(error.contains("ArgumentOutOfRange") && error.contains("between 0 and 3"), "{error}");
}

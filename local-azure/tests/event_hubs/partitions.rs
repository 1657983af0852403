//! Which partition an event ends up in.

use std::collections::BTreeMap;

use azure_messaging_eventhubs::{BufferedProducerClient, EnqueueEventOptions, models::EventData};
use local_azure::event_hubs::EventHubs;

use crate::{
    HUB, TIMEOUT, raw,
    sdk::{in_time, producer, send, to_partition, with_key},
    start,
};

/// The partition of each body.
pub(crate) fn placed(hubs: &EventHubs) -> BTreeMap<String, usize> {
    hubs.events(HUB).into_iter().map(|event| (event.text().into_owned(), event.partition)).collect()
}

#[tokio::test]
async fn ids_keys_and_turns_choose_the_partition() {
    let hubs = start();
    let producer = producer(&hubs).await;
    send(&producer, &["to 2"], to_partition("2")).await;
    send(&producer, &["keyed", "keyed too"], with_key("GrindingStep")).await;
    send(&producer, &["keyed again"], with_key("GrindingStep")).await;
    for body in ["a", "b", "c", "d"] {
        send(&producer, &[body], azure_messaging_eventhubs::EventDataBatchOptions::default()).await;
    }

    let placed = placed(&hubs);
    assert_eq!(placed["to 2"], 2);
    assert_eq!(placed["keyed"], placed["keyed too"]);
    assert_eq!(placed["keyed"], placed["keyed again"]);
    let mut turns = ["a", "b", "c", "d"].map(|body| placed[body]);
    turns.sort_unstable();
    assert_eq!(turns, [0, 1, 2, 3]);
    in_time(producer.close()).await.unwrap();
}

#[tokio::test]
async fn an_event_keeps_its_key_in_a_batch_to_a_partition_id() {
    let hubs = start();
    let mut client = raw::Client::authorised(&hubs).await;
    let mut link = client.sender(&format!("{HUB}/Partitions/3")).await;
    let sections = [("one", Some("a")), ("two", Some("b")), ("three", None)];
    let sections = sections.map(|(body, key)| raw::encoded(raw::event(body, key))).to_vec();
    assert!(link.send(raw::batch(sections)).await.unwrap().is_accepted());

    let events = hubs.events(HUB);
    assert!(events.iter().all(|event| event.partition == 3));
    let keys: Vec<_> = events.iter().map(|event| event.partition_key.as_deref()).collect();
    assert_eq!(keys, [Some("a"), Some("b"), None]);
}

/// The buffered client computes the partition of a key by itself, the other leaves it to the service.
#[tokio::test]
async fn the_rust_client_and_the_service_agree_on_keys() {
    let keys: Vec<_> = (0..20).map(|number| format!("twin {number}")).collect();
    let by_client = start();
    let builder = BufferedProducerClient::builder()
        .with_custom_endpoint(format!("amqp://{}", by_client.address()))
        .with_on_send_failed(|failed| async move { panic!("{:?}", failed.error) });
    let connection_string = by_client.connection_string(HUB);
    let buffered = in_time(builder.open_with_connection_string(&connection_string, None)).await.unwrap();
    for key in &keys {
        let options = EnqueueEventOptions { partition_key: Some(key.clone()), ..EnqueueEventOptions::default() };
        let event = EventData::builder().with_body(key.as_str()).build();
        in_time(buffered.enqueue_event(event, Some(options))).await.unwrap();
    }
    in_time(buffered.flush()).await.unwrap();
    by_client.wait_for(HUB, keys.len(), TIMEOUT).await.unwrap();

    let by_service = start();
    let producer = producer(&by_service).await;
    for key in &keys {
        send(&producer, &[key], with_key(key)).await;
    }
    assert_eq!(placed(&by_client), placed(&by_service));
}

//! Where consumers start, and how events reach them.

use std::time::{Duration, SystemTime};

use azure_messaging_eventhubs::{OpenReceiverOptions, StartLocation, StartPosition};
use fe2o3_amqp::{Receiver, link::receiver::CreditMode};
use fe2o3_amqp_types::{
    messaging::{Body, DeliveryAnnotations, Source, annotations::AnnotationKey},
    primitives::{Timestamp, Value},
};
use futures::StreamExt;
use time::OffsetDateTime;
use tokio::time::timeout;

use crate::{
    HUB, TIMEOUT, raw,
    sdk::{consumer, in_time, producer, read, send, text, to_partition},
    start,
};

#[tokio::test]
async fn every_start_position_is_honoured() {
    let hubs = start();
    let producer = producer(&hubs).await;
    for body in ["zero", "one", "two"] {
        send(&producer, &[body], to_partition("3")).await;
    }
    let offset = hubs.wait_for(HUB, 3, TIMEOUT).await.unwrap()[1].offset.clone();

    let consumer = consumer(&hubs).await;
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    let cases = [
        (StartLocation::Earliest, false, vec!["zero", "one", "two"]),
        (StartLocation::SequenceNumber(1), true, vec!["one", "two"]),
        (StartLocation::SequenceNumber(1), false, vec!["two"]),
        (StartLocation::Offset(offset.clone()), true, vec!["one", "two"]),
        (StartLocation::Offset(offset), false, vec!["two"]),
        (StartLocation::EnqueuedTime(long_ago), false, vec!["zero", "one", "two"]),
    ];
    for (location, inclusive, expected) in cases {
        let events = read(&consumer, "3", location.clone(), inclusive, expected.len()).await;
        let bodies: Vec<_> = events.iter().map(text).collect();
        assert_eq!(bodies, expected, "{location:?}, inclusive: {inclusive}");
    }
}

#[tokio::test]
async fn latest_gets_only_what_comes_later() {
    let hubs = start();
    let mut client = raw::Client::authorised(&hubs).await;
    let mut link = client.sender(&format!("{HUB}/Partitions/0")).await;
    assert!(raw::send(&mut link, raw::event("early", None)).await.is_accepted());

    // Not the Rust SDK, which attaches only when the first event is asked for.
    let source = Source::builder()
        .address(format!("{HUB}/ConsumerGroups/$Default/Partitions/0"))
        .add_to_filter_using_legacy_format(
            "apache.org:selector-filter:string",
            Value::String("amqp.annotation.x-opt-offset > '@latest'".to_owned()),
        )
        .build();
    let mut consumer = Receiver::builder().name("consumer").source(source).attach(&mut client.session).await.unwrap();
    for body in ["late", "later"] {
        assert!(raw::send(&mut link, raw::event(body, None)).await.is_accepted());
        let event = timeout(TIMEOUT, consumer.recv::<Body<Value>>()).await.unwrap().unwrap();
        let data: Vec<_> = event.body().try_as_data().unwrap().collect();
        assert_eq!(data, [body.as_bytes()]);
    }
}

#[tokio::test]
async fn an_open_consumer_gets_events_as_they_arrive() {
    let hubs = start();
    let producer = producer(&hubs).await;
    let consumer = consumer(&hubs).await;
    let start_position = Some(StartPosition { location: StartLocation::Earliest, inclusive: false });
    let options = OpenReceiverOptions { start_position, ..OpenReceiverOptions::default() };
    let receiver = in_time(consumer.open_receiver_on_partition("0".to_owned(), Some(options))).await.unwrap();
    let mut events = Box::pin(receiver.stream_events());
    for body in ["first", "second", "third"] {
        send(&producer, &[body], to_partition("0")).await;
        assert_eq!(text(&in_time(events.next()).await.unwrap().unwrap()), body);
    }
}

#[tokio::test]
async fn no_event_is_sent_without_credit() {
    let hubs = start();
    let mut client = raw::Client::authorised(&hubs).await;
    let mut link = client.sender(&format!("{HUB}/Partitions/0")).await;
    for body in ["one", "two", "three"] {
        assert!(raw::send(&mut link, raw::event(body, None)).await.is_accepted());
    }

    let mut consumer = Receiver::builder()
        .name("consumer")
        .source(format!("{HUB}/ConsumerGroups/explorer/Partitions/0"))
        .credit_mode(CreditMode::Manual)
        .attach(&mut client.session)
        .await
        .unwrap();
    consumer.set_credit(2).await.unwrap();
    for _ in 0..2 {
        let event = timeout(TIMEOUT, consumer.recv::<Body<Value>>()).await.unwrap().unwrap();
        consumer.accept(&event).await.unwrap();
    }
    let third = timeout(Duration::from_millis(100), consumer.recv::<Body<Value>>()).await;
    assert!(third.is_err(), "an event came without credit");

    consumer.set_credit(1).await.unwrap();
    timeout(TIMEOUT, consumer.recv::<Body<Value>>()).await.unwrap().unwrap();
}

#[tokio::test]
async fn the_partitions_end_is_told_to_those_who_want_it() {
    let hubs = start();
    let mut client = raw::Client::authorised(&hubs).await;
    let mut link = client.sender(&format!("{HUB}/Partitions/0")).await;
    for body in ["one", "two", "three"] {
        assert!(raw::send(&mut link, raw::event(body, None)).await.is_accepted());
    }
    let newest = hubs.events(HUB).pop().unwrap();

    let address = format!("{HUB}/ConsumerGroups/$Default/Partitions/0");
    let mut incurious = Receiver::attach(&mut client.session, "incurious", address.as_str()).await.unwrap();
    let event = timeout(TIMEOUT, incurious.recv::<Body<Value>>()).await.unwrap().unwrap();
    assert_eq!(event.message().delivery_annotations, None);

    let asked = OffsetDateTime::now_utc();
    let mut curious = Receiver::builder()
        .name("curious")
        .source(address)
        .add_desired_capabilities("com.microsoft:enable-receiver-runtime-metric")
        .attach(&mut client.session)
        .await
        .unwrap();
    let event = timeout(TIMEOUT, curious.recv::<Body<Value>>()).await.unwrap().unwrap();
    let DeliveryAnnotations(told) = event.message().delivery_annotations.as_ref().unwrap();
    let told = |name: &str| told.get(&name as &dyn AnnotationKey).unwrap().clone();
    assert_eq!(told("last_enqueued_sequence_number"), Value::Long(2));
    assert_eq!(told("last_enqueued_offset"), Value::String(newest.offset));
    assert_eq!(told("last_enqueued_time_utc"), Value::Timestamp(Timestamp::from(newest.enqueued_time)));
    let Value::Timestamp(retrieved) = told("runtime_info_retrieval_time_utc") else { panic!("a time is missing") };
    let (asked, now) = (Timestamp::from(asked), Timestamp::from(OffsetDateTime::now_utc()));
    assert!((asked.milliseconds()..=now.milliseconds()).contains(&retrieved.milliseconds()));
}

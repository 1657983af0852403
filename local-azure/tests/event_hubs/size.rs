//! The largest transfer that a link takes.

use azure_messaging_eventhubs::{EventDataBatchOptions, models::EventData};

use crate::{
    HUB, raw,
    sdk::{in_time, producer},
    start,
};

#[tokio::test]
async fn the_limit_is_announced() {
    let hubs = start();
    let mut client = raw::Client::authorised(&hubs).await;
    let link = client.sender(HUB).await;
    assert_eq!(link.max_message_size(), Some(1_048_576));
    link.close().await.unwrap();

    hubs.faults().set_max_message_size(10_000);
    let producer = producer(&hubs).await;
    let too_large = EventDataBatchOptions { max_size_in_bytes: Some(10_001), ..EventDataBatchOptions::default() };
    assert!(in_time(producer.create_batch(Some(too_large))).await.is_err());
    let batch = in_time(producer.create_batch(None)).await.unwrap();
    let event = EventData::builder().with_body(vec![b'x'; 10_000]).build();
    assert!(!batch.try_add_event_data(event, None).unwrap());
}

//! What Microsoft's SDK does where nothing guards it: why the bridge has a producer of its own (docs/decisions.md, 2 and
//! 10). A test that fails here says that a fault is gone in the version that is used now.

use std::time::Duration;

use azure_messaging_eventhubs::{EventDataBatchOptions, ProducerClient, RetryOptions};
use local_azure::event_hubs::{Answer, Config, Cut, EventHubs};
use tokio::{task::LocalSet, time::timeout};

use crate::handler::{TIMEOUT, hub};

/// Longer than anything takes on loopback that is going to happen at all.
const LONG: Duration = Duration::from_secs(3);

async fn producer(hub: &EventHubs) -> ProducerClient {
    let no_retries =
        RetryOptions { max_retries: 0, max_total_elapsed: azure_core::time::Duration::ZERO, ..Default::default() };
    let string = hub.connection_string("twins").replace(";UseDevelopmentEmulator=true", "");
    let builder = ProducerClient::builder().with_retry_options(no_retries);
    let builder = builder.with_custom_endpoint(format!("amqp://{}", hub.address()));
    builder.open_with_connection_string(&string, Some("twins")).await.unwrap()
}

/// Sends one event to a partition.
async fn send(producer: &ProducerClient, partition: &str, body: &str) -> azure_messaging_eventhubs::Result<()> {
    let options = EventDataBatchOptions { partition_id: Some(partition.to_owned()), ..Default::default() };
    let batch = producer.create_batch(Some(options)).await?;
    assert!(batch.try_add_event_data(body.as_bytes().to_vec(), None)?);
    producer.send_batch(batch, None).await
}

/// On a single thread, since on several it also loses answers now and then.
fn alone<T>(test: impl Future<Output = T>) -> impl Future<Output = T> {
    let test = Box::pin(test);
    async move { LocalSet::new().run_until(test).await }
}

#[tokio::test]
async fn what_the_hub_releases_or_modifies_is_reported_as_sent() {
    let hub = hub();
    alone(async {
        let producer = producer(&hub).await;
        for answer in [Answer::Release, Answer::Modify] {
            hub.faults().answer_next(1, answer);
            assert!(send(&producer, "0", "lost").await.is_ok());
        }
        assert!(hub.events("twins").is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_send_in_flight_when_the_connection_dies_never_returns() {
    let hub = hub();
    alone(async {
        let producer = producer(&hub).await;
        send(&producer, "0", "warm").await.unwrap();
        hub.faults().cut_next_transfer(Cut::BeforeStoring);
        assert!(timeout(LONG, send(&producer, "0", "lost")).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn a_link_has_one_batch_in_flight() {
    let hub = hub();
    alone(async {
        let producer = producer(&hub).await;
        send(&producer, "0", "warm").await.unwrap();
        hub.faults().answer(Answer::Hold);
        let both = async { tokio::join!(send(&producer, "0", "first"), send(&producer, "0", "second")) };
        let held = async {
            assert!(hub.wait_until(TIMEOUT, |hub| hub.transfers("twins")[0] == 2).await);
            assert!(!hub.wait_until(Duration::from_millis(500), |hub| hub.transfers("twins")[0] == 3).await);
            hub.faults().answer(Answer::Accept);
            hub.faults().release_held();
        };
        let ((first, second), ()) = tokio::join!(both, held);
        first.unwrap();
        second.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_first_event_of_a_batch_counts_twice() {
    let hub = EventHubs::start(Config { max_message_size: 100_000, ..Config::default() }).unwrap();
    alone(async {
        let producer = producer(&hub).await;
        let options = EventDataBatchOptions { partition_id: Some("0".to_owned()), ..Default::default() };
        let batch = producer.create_batch(Some(options)).await.unwrap();
        assert!(!batch.try_add_event_data(vec![b'1'; 60_000], None).unwrap(), "three fifths of what the link takes");
        assert!(batch.try_add_event_data(vec![b'1'; 40_000], None).unwrap());
    })
    .await;
}

/// Which partition stays out of reach depends on what was in flight; one of two always does.
#[tokio::test]
async fn a_client_does_not_recover_from_a_lost_connection() {
    let hub = hub();
    alone(async {
        let producer = producer(&hub).await;
        send(&producer, "0", "before").await.unwrap();
        hub.pause();
        let _ = timeout(LONG, send(&producer, "0", "while it is down")).await;
        hub.resume().unwrap();
        let mut reached = [false; 2];
        for _ in 0..3 {
            for (partition, reached) in ["0", "1"].iter().zip(&mut reached) {
                *reached |= matches!(timeout(LONG, send(&producer, partition, "after")).await, Ok(Ok(())));
            }
        }
        assert_ne!(reached, [true, true]);
    })
    .await;
}

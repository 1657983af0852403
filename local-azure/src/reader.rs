//! Reads a hub as any consumer would: with Microsoft's client, over AMQP, from the first event on.

use std::{io, net::SocketAddr, rc::Rc, thread};

use azure_messaging_eventhubs::{ConsumerClient, OpenReceiverOptions, StartLocation, StartPosition};
use futures::StreamExt;
use tokio::{
    runtime,
    sync::mpsc,
    task::{JoinSet, LocalSet},
};

/// The bodies of all events of a hub, as text, as they arrive.
pub type Bodies = mpsc::UnboundedReceiver<String>;

/// Starts reading all partitions of the hub in `connection_string`, on the plain endpoint at `address`.
///
/// The client gets a thread with a single-threaded runtime, because it may miss answers on any other.
pub fn read(address: SocketAddr, connection_string: String) -> io::Result<Bodies> {
    let (sender, bodies) = mpsc::unbounded_channel();
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name("reader".to_owned()).spawn(move || {
        let reading = follow(address, connection_string, sender);
        if let Err(error) = LocalSet::new().block_on(&runtime, reading) {
            eprintln!("The reader stopped: {error}");
        }
    })?;
    Ok(bodies)
}

async fn follow(
    address: SocketAddr,
    connection_string: String,
    bodies: mpsc::UnboundedSender<String>,
) -> azure_messaging_eventhubs::Result<()> {
    let consumer = ConsumerClient::builder()
        .with_custom_endpoint(format!("amqp://{address}"))
        .open_with_connection_string(&connection_string, None)
        .await?;
    let consumer = Rc::new(consumer);
    let mut partitions = JoinSet::new();
    for partition in consumer.get_eventhub_properties().await?.partition_ids {
        let (consumer, bodies) = (Rc::clone(&consumer), bodies.clone());
        partitions.spawn_local(async move {
            let from_the_start = StartPosition { location: StartLocation::Earliest, ..StartPosition::default() };
            let options =
                OpenReceiverOptions { start_position: Some(from_the_start), ..OpenReceiverOptions::default() };
            let receiver = consumer.open_receiver_on_partition(partition, Some(options)).await?;
            let mut events = receiver.stream_events();
            while let Some(event) = events.next().await {
                let event = event?;
                let body = event.event_data().body().unwrap_or_default();
                if bodies.send(String::from_utf8_lossy(body).into_owned()).is_err() {
                    break;
                }
            }
            azure_messaging_eventhubs::Result::Ok(())
        });
    }
    while let Some(ended) = partitions.join_next().await {
        ended.unwrap_or(Ok(()))?;
    }
    Ok(())
}

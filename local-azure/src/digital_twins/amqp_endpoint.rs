//! An endpoint of Event Hubs or Service Bus: a queue, and the task that sends what is in it.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::{link::Target, message::Message, notification::Notification, sending::Sending, snapshot::EndpointSnapshot};

/// How many notifications may wait to be sent.
const QUEUE: usize = 1000;

/// An endpoint at work. Once it is dropped, what waits is still sent if that is possible at once.
#[derive(Debug)]
pub(super) struct AmqpEndpoint {
    messages: mpsc::Sender<Message>,
    snapshot: Arc<watch::Sender<EndpointSnapshot>>,
}

impl AmqpEndpoint {
    /// Starts to send, on the runtime of the caller. What it leads to need not be there yet.
    pub(super) fn start(target: Target) -> Self {
        let (messages, queue) = mpsc::channel(QUEUE);
        let snapshot = Arc::new(watch::Sender::default());
        tokio::spawn(Sending { target, messages: queue, snapshot: Arc::clone(&snapshot) }.run());
        Self { messages, snapshot }
    }

    /// Waits for room, and has a notification sent.
    pub(super) async fn take(&self, notification: &Notification) {
        // The task lives as long as this.
        if let Ok(room) = self.messages.reserve().await {
            self.snapshot.send_modify(|snapshot| snapshot.taken += 1);
            room.send(Message::of(notification));
        }
    }

    pub(super) fn snapshot(&self) -> EndpointSnapshot {
        self.snapshot.borrow().clone()
    }

    /// Waits until nothing is held.
    pub(super) async fn sent(&self) {
        // The sender of the snapshots lives as long as this.
        let _ = self.snapshot.subscribe().wait_for(|snapshot| snapshot.held() == 0).await;
    }
}

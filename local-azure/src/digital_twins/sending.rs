//! The task of an AMQP endpoint: takes messages from its queue, sends them, and sends again what was not accepted.

use std::{sync::Arc, time::Duration};

use fe2o3_amqp::link::SendError;
use futures::{StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::{mpsc, watch},
    time::{sleep, timeout},
};

use super::{
    link::{LinkError, Target},
    message::Message,
    snapshot::EndpointSnapshot,
    unsettled::Unsettled,
};

/// The pause before the next attempt.
const PAUSE: Duration = Duration::from_millis(250);

/// How long an outcome is waited for, as Microsoft's clients do.
const TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Sending {
    pub(super) target: Target,
    pub(super) messages: mpsc::Receiver<Message>,
    pub(super) snapshot: Arc<watch::Sender<EndpointSnapshot>>,
}

impl Sending {
    /// Sends what comes out of the queue. After its end it sends what is left, unless that fails.
    pub(super) async fn run(mut self) {
        let mut unsettled = Unsettled::default();
        while let Err(error) = self.send(&mut unsettled).await {
            unsettled.take_back();
            self.snapshot.send_modify(|snapshot| snapshot.problem = Some(error.to_string()));
            if self.messages.is_closed() {
                return;
            }
            sleep(PAUSE).await;
        }
    }

    /// Sends until something fails, or until the queue has ended. What is in flight when something fails may have been
    /// accepted or not.
    async fn send(&mut self, unsettled: &mut Unsettled) -> Result<(), LinkError> {
        let mut link = self.target.attach().await?;
        let mut outcomes = FuturesUnordered::new();
        loop {
            while let Some((number, message)) = unsettled.next() {
                match timeout(TIMEOUT, link.send(message)).await? {
                    Ok(outcome) => outcomes.push(async move { (number, timeout(TIMEOUT, outcome).await) }),
                    Err(LinkError::Send(SendError::MessageSizeExceeded(_))) => {
                        unsettled.settle(number);
                        self.snapshot.send_modify(|snapshot| snapshot.dropped += 1);
                    }
                    Err(error) => return Err(error),
                }
            }
            tokio::select! {
                Some((number, outcome)) = outcomes.next() => {
                    outcome??;
                    unsettled.settle(number);
                    self.snapshot.send_modify(|snapshot| {
                        snapshot.accepted += 1;
                        snapshot.problem = None;
                    });
                }
                Some(message) = self.messages.recv(), if unsettled.has_room() => unsettled.add(message),
                error = link.ended(), if !outcomes.is_empty() => return Err(error),
                else => return Ok(()),
            }
        }
    }
}

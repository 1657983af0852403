//! How messages become a batch.

use std::time::Duration;

use fe2o3_amqp::Receiver;
use fe2o3_amqp::link::RecvError;
use fe2o3_amqp_types::messaging::Body;
use fe2o3_amqp_types::primitives::Value;
use tokio::time::{Instant, timeout};

/// How long a batch that has enough waits for another message (`ReceiveBuildBatchInterval` of the clients).
const INTERVAL: Duration = Duration::from_millis(20);

/// A message as it was delivered.
pub(in super::super) type Delivery = fe2o3_amqp::link::delivery::Delivery<Body<Value>>;

/// When a batch is done.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct BatchSize {
    pub(in super::super) least: usize,
    pub(in super::super) most: usize,
    /// How long a batch that has not enough waits for more.
    pub(in super::super) patience: Duration,
}

impl BatchSize {
    /// The batch that begins with this message.
    pub(in super::super) async fn fill(
        self,
        receiver: &mut Receiver,
        first: Delivery,
    ) -> Result<Vec<Delivery>, RecvError> {
        let mut batch = vec![first];
        let deadline = Instant::now() + self.patience;
        while batch.len() < self.most {
            let left = deadline.saturating_duration_since(Instant::now());
            let patience = if batch.len() < self.least { left.max(INTERVAL) } else { INTERVAL };
            let Ok(delivery) = timeout(patience, receiver.recv()).await else { break };
            batch.push(delivery?);
        }
        Ok(batch)
    }
}

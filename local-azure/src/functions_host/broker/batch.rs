//! How messages become a batch.

use std::time::Duration;

use fe2o3_amqp::Receiver;
use fe2o3_amqp::link::RecvError;
use fe2o3_amqp_types::messaging::Body;
use fe2o3_amqp_types::primitives::Value;
use tokio::time::{Instant, timeout};

/// How long a batch that has its minimum waits for another message (`ReceiveBuildBatchInterval` of the clients).
const INTERVAL: Duration = Duration::from_millis(20);

/// A message as it was delivered.
pub(in super::super) type Delivery = fe2o3_amqp::link::delivery::Delivery<Body<Value>>;

/// When a batch is full, and how long it waits for more.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct BatchLimits {
    pub(in super::super) min: usize,
    pub(in super::super) max: usize,
    /// How long one that has less than the minimum waits.
    pub(in super::super) max_wait: Duration,
}

impl BatchLimits {
    /// The batch that begins with this message.
    pub(in super::super) async fn fill(
        self,
        receiver: &mut Receiver,
        first: Delivery,
    ) -> Result<Vec<Delivery>, RecvError> {
        let mut batch = vec![first];
        let deadline = Instant::now() + self.max_wait;
        while batch.len() < self.max {
            let left = deadline.saturating_duration_since(Instant::now());
            let wait = if batch.len() < self.min { left.max(INTERVAL) } else { INTERVAL };
            let Ok(delivery) = timeout(wait, receiver.recv()).await else { break };
            batch.push(delivery?);
        }
        Ok(batch)
    }
}

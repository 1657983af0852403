//! How it goes between the twins and the handler, whatever the way.

use local_azure::{
    digital_twins::EndpointSnapshot,
    event_grid::{Handshake, SubscriptionSnapshot},
};

/// What has been delivered to the handler and taken by it, and what has not.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    /// Why nothing goes on, where that is known.
    pub(crate) problem: Option<String>,
    pub(crate) delivered: u64,
    pub(crate) to_go: u64,
    /// What went wrong, and how often.
    pub(crate) failures: Vec<(u64, &'static str)>,
}

impl Deliveries {
    /// Adds what the endpoint of the twins still holds.
    pub(crate) fn with_held(mut self, endpoint: &EndpointSnapshot) -> Self {
        self.to_go += endpoint.held();
        self.problem = self.problem.or_else(|| endpoint.problem.clone());
        self.failures.push((endpoint.dropped, "notifications too large"));
        self
    }
}

impl From<SubscriptionSnapshot> for Deliveries {
    fn from(subscription: SubscriptionSnapshot) -> Self {
        let problem = match &subscription.handshake {
            Handshake::Pending { problem, .. } => {
                Some(format!("waiting for the webhook: {}", problem.as_deref().unwrap_or("no answer yet")))
            }
            Handshake::Done => None,
        };
        Self {
            problem,
            delivered: subscription.delivered,
            to_go: subscription.held() as u64,
            failures: vec![
                (subscription.failed_attempts, "deliveries failed"),
                (subscription.dead_lettered, "events given up"),
                (subscription.dropped, "events dropped"),
            ],
        }
    }
}

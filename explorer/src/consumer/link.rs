//! A link to one partition, from a place on, with as much on its way as the memory for it holds.

use std::sync::Arc;

use fe2o3_amqp::{Receiver, link::receiver::CreditMode, session::SessionHandle};
use fe2o3_amqp_types::{
    definitions::{Fields, SenderSettleMode},
    messaging::{Body, FilterSet, Source as Node},
    primitives::{Symbol, Value},
};
use serde_amqp::{described::Described, descriptor::Descriptor};

use super::{event::Event, fault::Fault};
use crate::{
    moment::{MILLISECOND, Nanoseconds},
    source::Source,
};

/// The filter by which a consumer says where to start. Source: the clients of all languages.
const SELECTOR: &str = "apache.org:selector-filter:string";

/// How many bytes of a partition's events may be on their way, and how many events.
const BUDGET: usize = 8 * 1024 * 1024;
const MOST: usize = 3_000;

/// How large an event is believed to be as long as none has come.
const USUAL_SIZE: usize = 64 * 1024;

/// Where reading starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// With the first event that is retained.
    Earliest,
    /// With the first that the hub took at this time or later.
    Since(Nanoseconds),
    /// After the event with this sequence number.
    After(i64),
}

/// A partition's events as they come.
pub(super) struct Link {
    receiver: Receiver,
    partition: Arc<str>,
    /// How many more events the hub may send.
    credit: u32,
    /// The average of late.
    size: usize,
    /// Ended when it is dropped, after the link.
    _session: SessionHandle<()>,
}

impl Start {
    fn expression(self) -> String {
        match self {
            Self::Earliest => "amqp.annotation.x-opt-offset > '-1'".to_owned(),
            Self::Since(time) => {
                format!("amqp.annotation.x-opt-enqueued-time > '{}'", time.div_euclid(MILLISECOND) - 1)
            }
            Self::After(number) => format!("amqp.annotation.x-opt-sequence-number > '{number}'"),
        }
    }
}

impl Link {
    pub(super) async fn attach(
        mut session: SessionHandle<()>,
        source: &Source,
        partition: &Arc<str>,
        start: Start,
    ) -> Result<Self, Fault> {
        let address = format!("{}/ConsumerGroups/{}/Partitions/{partition}", source.hub, source.consumer_group);
        let selector = Described {
            descriptor: Descriptor::Name(Symbol::from(SELECTOR)),
            value: Value::String(start.expression()),
        };
        let mut filter = FilterSet::new();
        filter.insert(Symbol::from(SELECTOR), Value::Described(Box::new(selector)));
        // Who looks for who reads is told this name.
        let mut properties = Fields::new();
        properties.insert(Symbol::from("com.microsoft:receiver-name"), Value::String("explorer".to_owned()));
        let receiver = Receiver::builder()
            .name(format!("explorer-{partition}-{:016x}", fastrand::u64(..)))
            .source(Node::builder().address(address).filter(filter).build())
            .sender_settle_mode(SenderSettleMode::Settled)
            .properties(properties)
            // Each event then tells where the partition ends.
            .add_desired_capabilities("com.microsoft:enable-receiver-runtime-metric")
            .credit_mode(CreditMode::Manual)
            .attach(&mut session)
            .await?;
        Ok(Self { receiver, partition: Arc::clone(partition), credit: 0, size: USUAL_SIZE, _session: session })
    }

    /// The next event.
    pub(super) async fn next(&mut self) -> Result<Event, Fault> {
        loop {
            let wanted = u32::try_from((BUDGET / self.size.max(1)).clamp(2, MOST)).unwrap_or(2);
            if self.credit <= wanted / 2 {
                self.receiver.set_credit(wanted).await?;
                self.credit = wanted;
            }
            let delivery = self.receiver.recv::<Body<Value>>().await?;
            self.credit = self.credit.saturating_sub(1);
            if let Some(event) = Event::of(&self.partition, delivery.into_message()) {
                self.size = (self.size * 7 + event.body.len() + 256) / 8;
                return Ok(event);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Start;

    #[test]
    fn a_start_is_what_the_clients_write() {
        assert_eq!(Start::Earliest.expression(), "amqp.annotation.x-opt-offset > '-1'");
        assert_eq!(Start::After(7).expression(), "amqp.annotation.x-opt-sequence-number > '7'");
        assert_eq!(Start::Since(1_500_000_000).expression(), "amqp.annotation.x-opt-enqueued-time > '1499'");
    }
}

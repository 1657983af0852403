//! The ways in.

/// A way in, by the name of its function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The request of Event Grid itself, forwarded.
    Webhook,
    /// The envelope of the Event Grid trigger.
    Function,
    /// A hub, whose partitions hosts read.
    EventHub,
    /// A topic, from whose subscription hosts receive.
    ServiceBus,
}

impl Way {
    const ALL: [Self; 4] = [Self::Webhook, Self::Function, Self::EventHub, Self::ServiceBus];

    pub fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Function => "function",
            Self::EventHub => "event-hub",
            Self::ServiceBus => "service-bus",
        }
    }

    /// The way that `STORM_WAY` names.
    pub fn chosen() -> Option<Self> {
        let name = std::env::var("STORM_WAY").ok()?;
        let way = Self::ALL.into_iter().find(|way| way.name() == name);
        Some(way.unwrap_or_else(|| panic!("STORM_WAY must be one of {:?}", Self::ALL.map(Self::name))))
    }

    /// Whether messages wait in a queue for hosts that come and get them.
    pub fn is_queue(self) -> bool {
        matches!(self, Self::EventHub | Self::ServiceBus)
    }

    /// Whether what was sent first is stored first.
    pub fn keeps_order(self) -> bool {
        self != Self::ServiceBus
    }
}

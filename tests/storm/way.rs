//! The ways in, each by the trigger of its function.

pub use package_function::package::Trigger as Way;

/// The way that `STORM_WAY` names.
pub fn chosen() -> Option<Way> {
    let name = std::env::var("STORM_WAY").ok()?;
    let way = Way::ALL.into_iter().find(|way| way.name() == name);
    Some(way.unwrap_or_else(|| panic!("STORM_WAY must be one of {:?}", Way::ALL.map(Way::name))))
}

/// Whether messages wait in a queue for hosts that come and get them.
pub fn is_queue(way: Way) -> bool {
    matches!(way, Way::EventHub | Way::ServiceBus)
}

/// Whether what was sent first is stored first.
pub fn keeps_order(way: Way) -> bool {
    way != Way::ServiceBus
}

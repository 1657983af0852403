//! The ways in which twin-bridge is set up to be measured.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    Record,
    Lines,
    Array,
    /// What it would be on Microsoft's SDK for Rust.
    OnSdk,
}

impl Variant {
    pub const ALL: [Self; 4] = [Self::Record, Self::Lines, Self::Array, Self::OnSdk];

    pub fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Lines => "lines",
            Self::Array => "array",
            Self::OnSdk => "on the SDK",
        }
    }

    /// The setting that makes it so, and its value.
    pub fn setting(self) -> (&'static str, &'static str) {
        match self {
            Self::Record => ("EVENT_HUB_BODY", "record"),
            Self::Lines => ("EVENT_HUB_BODY", "lines"),
            Self::Array => ("EVENT_HUB_BODY", "array"),
            Self::OnSdk => ("EVENT_HUB_PRODUCER", "sdk"),
        }
    }

    /// Whether each record is an event of the hub, and not each notification.
    pub fn sends_single_records(self) -> bool {
        matches!(self, Self::Record | Self::OnSdk)
    }
}

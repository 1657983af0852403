//! What a blob or file with dead letters is called.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use object_store::path::Path;

/// Where the bridge's own lie. Event Grid's lie under the name of their subscription, those of Azure Digital Twins under
/// the name of their endpoint.
const FOLDER: &str = "twin-bridge";

/// The name of a blob or file with dead letters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LetterName(pub(super) Path);

impl LetterName {
    /// The name of an event's own. It holds nothing that another delivery of the event could have otherwise, and nobody
    /// can prepare an event that takes another's.
    pub(super) fn of(event: &str) -> Self {
        let hash = digest(&SHA256, event.as_bytes());
        let hex = hash.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        Self(Path::from(format!("{FOLDER}/{hex}.json")))
    }
}

impl fmt::Display for LetterName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_one_name() {
        insta::assert_snapshot!(LetterName::of("{}"), @"twin-bridge/44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a.json");
        assert_ne!(LetterName::of("{}"), LetterName::of("{ }"));
    }
}

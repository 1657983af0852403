//! The settings that the host reads for the Event Hubs trigger: here they only must not name the hub that records go to,
//! which would take them for notifications and never have an end of them.

use event_hub_producer::{Access, Config as HubConfig, ConnectionString};

use super::{
    names::{EVENT_HUB_NAME, SOURCE_EVENT_HUB, SOURCE_EVENT_HUB_NAME, SOURCE_EVENT_HUB_NAMESPACE},
    reader::Reader,
};

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    pub(super) fn source(&mut self, target: &HubConfig) {
        let Some((hub, namespace)) = self.source_hub() else { return };
        if hub.eq_ignore_ascii_case(&target.name) && namespace == self::namespace(&target.access) {
            self.mistake(format!(
                "{SOURCE_EVENT_HUB_NAME} and {EVENT_HUB_NAME} name one hub: records would come back as notifications, for ever. Set {EVENT_HUB_NAME} to another hub."
            ));
        }
    }

    /// The hub that the host reads, and its namespace. What a connection string names goes before any other name
    /// (Azure/azure-sdk-for-net, `EventHubClientFactory.NormalizeEventHubName`).
    fn source_hub(&self) -> Option<(String, (String, Option<u16>))> {
        let name = self.get(SOURCE_EVENT_HUB_NAME);
        match self.get(SOURCE_EVENT_HUB) {
            Some(text) => {
                let string = ConnectionString::parse(&text).ok()?;
                let namespace = named(&string);
                Some((string.entity_path.or(name)?, namespace))
            }
            None => Some((name?, (self.get(SOURCE_EVENT_HUB_NAMESPACE)?.to_ascii_lowercase(), None))),
        }
    }
}

/// The host, and the port where it is not that of every namespace.
fn namespace(access: &Access) -> (String, Option<u16>) {
    match access {
        Access::ConnectionString(string) => named(string),
        access => (access.host().to_ascii_lowercase(), None),
    }
}

fn named(string: &ConnectionString) -> (String, Option<u16>) {
    (string.host.to_ascii_lowercase(), string.port)
}

#[cfg(test)]
mod tests;

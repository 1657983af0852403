//! The settings that the host reads for the Event Hubs trigger: here they only must not name the hub that records go to,
//! which would take them for notifications and never have an end of them.

use event_hub_producer::{Access, Config as HubConfig, ConnectionString};

use super::{
    names::{EVENT_HUB_NAME, SOURCE_EVENT_HUB, SOURCE_EVENT_HUB_NAME, SOURCE_EVENT_HUB_NAMESPACE},
    reader::Reader,
};

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    pub(super) fn source(&mut self, target: &HubConfig) {
        let is_target = self.get(SOURCE_EVENT_HUB_NAME).is_some_and(|name| name.eq_ignore_ascii_case(&target.name));
        if is_target && self.source_namespace() == Some(namespace(&target.access)) {
            self.mistake(format!(
                "{SOURCE_EVENT_HUB_NAME} and {EVENT_HUB_NAME} name one hub: records would come back as notifications, for ever. Set {EVENT_HUB_NAME} to another hub."
            ));
        }
    }

    fn source_namespace(&self) -> Option<(String, Option<u16>)> {
        match self.get(SOURCE_EVENT_HUB) {
            Some(text) => ConnectionString::parse(&text).ok().map(|string| named(&string)),
            None => self.get(SOURCE_EVENT_HUB_NAMESPACE).map(|host| (host.to_ascii_lowercase(), None)),
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

//! Where things stand: what the page needs to know to decide what to ask for.

use std::time::SystemTime;

use serde::Serialize;

use crate::{counters::Counters, moment, reader::Connection, store::Store};

/// Sent whenever something has changed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Overview {
    #[serde(flatten)]
    counters: Counters,
    /// Changes when the tree of twins, or the keys in it, do.
    shape: u64,
    /// The server's time and the times of the oldest and the newest point, in milliseconds since 1970.
    now: f64,
    first: Option<f64>,
    last: Option<f64>,
    /// What to show to somebody who has chosen nothing.
    suggestion: Vec<Suggested>,
    connection: &'static str,
    /// Why the connection was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct Suggested {
    twin: String,
    key: String,
}

impl Overview {
    pub(crate) fn of(store: &Store, connection: &Connection) -> Self {
        let now = moment::of_system(SystemTime::now());
        let reach = store.reach(now);
        let suggestion = store.suggestion().into_iter().flat_map(|(twin, keys)| {
            keys.into_iter().map(|key| Suggested { twin: twin.to_owned(), key: key.to_owned() })
        });
        let (connection, reason) = match connection {
            Connection::Opening => ("opening", None),
            Connection::Reading => ("reading", None),
            Connection::Lost(reason) => ("lost", Some(reason.clone())),
        };
        Self {
            counters: store.counters(),
            shape: store.shape(),
            now: moment::milliseconds(now),
            first: reach.map(|(first, _)| moment::milliseconds(first)),
            last: reach.map(|(_, last)| moment::milliseconds(last)),
            suggestion: suggestion.collect(),
            connection,
            reason,
        }
    }
}

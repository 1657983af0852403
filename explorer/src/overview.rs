//! Where things stand: what the page needs to know to decide what to ask for.

use std::time::SystemTime;

use serde::Serialize;

use crate::{
    counters::Counters,
    moment,
    progress::{Connection, Progress, Standing},
    series::Series,
    store::Store,
    twin::Twin,
};

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
    /// Points up to this time were dropped, the oldest, to stay within the memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped_until: Option<f64>,
    /// What to show to somebody who has chosen nothing.
    suggestion: Vec<Suggested>,
    /// `opening`, `reading`, or `lost`.
    connection: &'static str,
    /// Why nothing comes from the hub, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// How many events the hub still has for us; null while that is not known.
    behind: Option<u64>,
    partitions: Vec<Partition>,
}

/// How far a partition is read.
#[derive(Debug, Serialize)]
struct Partition {
    id: String,
    /// The sequence number of the last event that was read, and when the hub took it.
    position: Option<i64>,
    enqueued: Option<f64>,
    /// How many events follow it; null while that is not known.
    behind: Option<u64>,
    /// Why nothing comes from it, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

#[derive(Debug, Serialize)]
struct Suggested {
    twin: String,
    key: String,
}

impl Overview {
    pub(crate) fn of(store: &Store, progress: &Progress) -> Self {
        let now = moment::of_system(SystemTime::now());
        let reach = store.reach(now);
        let suggestion = suggestion(store).into_iter().flat_map(|(twin, keys)| {
            keys.into_iter().map(|key| Suggested { twin: twin.to_owned(), key: key.to_owned() })
        });
        let reason = progress.reason();
        let connection = match progress.connection {
            Connection::Opening => "opening",
            Connection::Reading if reason.is_none() => "reading",
            Connection::Reading | Connection::Lost(_) => "lost",
        };
        Self {
            counters: store.counters(),
            shape: store.shape(),
            now: moment::milliseconds(now),
            first: reach.map(|(first, _)| moment::milliseconds(first)),
            last: reach.map(|(_, last)| moment::milliseconds(last)),
            dropped_until: store.dropped_until().map(moment::milliseconds),
            suggestion: suggestion.collect(),
            connection,
            reason: reason.map(str::to_owned),
            behind: progress.behind(),
            partitions: progress.partitions.iter().map(Partition::of).collect(),
        }
    }
}

/// What to show to somebody who has chosen nothing: the first numeric series of the twin that changes most.
fn suggestion(store: &Store) -> Option<(&str, Vec<&str>)> {
    const ENOUGH: usize = 4;
    let numeric = |twin: &Twin| twin.series.values().any(Series::is_numeric);
    let (id, twin) = store
        .twins()
        .filter(|(_, twin)| numeric(twin))
        .reduce(|most, other| if other.1.changes > most.1.changes { other } else { most })?;
    let keys = twin.series.iter().filter(|(_, series)| series.is_numeric()).map(|(key, _)| &**key);
    Some((id, keys.take(ENOUGH).collect()))
}

impl Partition {
    fn of(standing: &Standing) -> Self {
        Self {
            id: standing.id.to_string(),
            position: standing.position,
            enqueued: standing.enqueued.map(moment::milliseconds),
            behind: standing.behind(),
            problem: standing.problem.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{limits::Limits, raw_records::Origin, record::Record};

    #[test]
    fn the_liveliest_twin_is_suggested() {
        let mut store = Store::new(Limits::default());
        assert_eq!(suggestion(&store), None);
        for record in [
            r#"{"Id":"Talker","Key":"Mood","Value":"good"}"#,
            r#"{"Id":"Step","Key":"Name","Value":"one"}"#,
            r#"{"Id":"Step","Key":"Force","Value":1}"#,
        ] {
            let origin = Origin { partition: "0".into(), sequence_number: 0, enqueued: 0 };
            store.take(origin, record, Record::read(record));
        }
        assert_eq!(suggestion(&store), Some(("Step", vec!["Force"])));
    }
}

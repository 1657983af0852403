//! Who reads: for each partition and consumer group one receiver with an owner level, or a few without.
//!
//! Event processors rely on it: of two that both believe a partition to be theirs, the later one has it.

use fe2o3_amqp_types::{
    definitions::Fields,
    primitives::{Symbol, Value},
};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::amqp::refusal::Refusal;

/// How many receivers without an owner level the service lets read a partition in one consumer group.
const LIMIT: usize = 5;

const STOLEN: &str = "amqp:link:stolen";

/// What the service writes for what a receiver does not have.
const NIL: &str = "nil";

/// The receivers of a hub's partitions.
#[derive(Debug, Default)]
pub(super) struct Readers(Mutex<Vec<Admitted>>);

/// A receiver that wants to read.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) group: String,
    pub(super) partition: usize,
    /// How it calls itself.
    name: Option<String>,
    /// The owner level, on the wire the epoch. One that has it has the partition for itself.
    level: Option<i64>,
}

/// A reader's place, which it gives up by dropping it.
#[derive(Debug)]
pub(super) struct Place(oneshot::Receiver<Refusal>);

#[derive(Debug)]
struct Admitted {
    reader: Reader,
    /// Closed once the reader has given up its place.
    disconnect: oneshot::Sender<Refusal>,
}

impl Readers {
    /// Gives a reader its place, and takes theirs from those that have to give way.
    pub(super) fn admit(&self, reader: Reader) -> Result<Place, Refusal> {
        let mut admitted = self.0.lock();
        admitted.retain(|other| !other.disconnect.is_closed());
        let rivals: Vec<&Reader> =
            admitted.iter().map(|other| &other.reader).filter(|other| other.rivals(&reader)).collect();
        reader.may_join(&rivals)?;
        if reader.level.is_some() {
            for loser in admitted.extract_if(.., |other| other.reader.rivals(&reader)) {
                // An error means that it is just going by itself.
                let _ = loser.disconnect.send(reader.supersedes(&loser.reader));
            }
        }
        let (disconnect, disconnected) = oneshot::channel();
        admitted.push(Admitted { reader, disconnect });
        Ok(Place(disconnected))
    }
}

impl Place {
    /// Waits until another has taken the place, and tells who; for ever if nobody does.
    pub(super) async fn taken(&mut self) -> Refusal {
        match (&mut self.0).await {
            Ok(refusal) => refusal,
            Err(_) => std::future::pending().await,
        }
    }
}

impl Reader {
    /// A reader as the properties of its link describe it.
    pub(super) fn of(group: &str, partition: usize, properties: Option<&Fields>) -> Self {
        let property = |name: &str| properties.and_then(|properties| properties.get(&Symbol::from(name)));
        let name = match property("com.microsoft:receiver-name") {
            Some(Value::String(name)) => Some(name.clone()),
            _ => None,
        };
        let level = match property("com.microsoft:epoch") {
            Some(Value::Long(level)) => Some(*level),
            Some(Value::Int(level)) => Some(i64::from(*level)),
            _ => None,
        };
        Self { group: group.to_owned(), partition, name, level }
    }

    fn rivals(&self, other: &Self) -> bool {
        self.partition == other.partition && self.group.eq_ignore_ascii_case(&other.group)
    }

    fn may_join(&self, rivals: &[&Self]) -> Result<(), Refusal> {
        let owner = rivals.iter().find_map(|rival| Some((rival, rival.level?)));
        match (self.level, owner) {
            (Some(level), Some((owner, higher))) if level < higher => Err(Refusal::new(
                STOLEN,
                format!(
                    "Receiver '{}' with a higher epoch '{higher}' already exists. Receiver '{}' with epoch {level} \
                     cannot be created. Make sure you are creating receiver with increasing epoch value to ensure \
                     connectivity, or ensure all old epoch receivers are closed or disconnected.",
                    owner.name(),
                    self.name(),
                ),
            )),
            (None, Some((_, level))) => Err(Refusal::new(
                STOLEN,
                format!(
                    "At least one receiver for the endpoint is created with epoch of '{level}', and so non-epoch \
                     receiver is not allowed. Either reconnect with a higher epoch, or make sure all epoch receivers \
                     are closed or disconnected."
                ),
            )),
            (None, None) if rivals.len() >= LIMIT => Err(Refusal::new(
                "amqp:resource-limit-exceeded",
                format!(
                    "Exceeded the maximum number of allowed receivers per partition in a consumer group which is \
                     {LIMIT}. List of connected receivers - {}.",
                    rivals.iter().map(|rival| rival.name()).collect::<Vec<_>>().join(", "),
                ),
            )),
            _ => Ok(()),
        }
    }

    /// What `loser` is told when this reader takes its place. In which words the service tells those without a level is
    /// not known.
    fn supersedes(&self, loser: &Self) -> Refusal {
        Refusal::new(
            STOLEN,
            format!(
                "New receiver '{}' with higher epoch of '{}' is created hence current receiver '{}' with epoch '{}' is \
                 getting disconnected. If you are recreating the receiver, make sure a higher epoch is used.",
                self.name(),
                self.epoch(),
                loser.name(),
                loser.epoch(),
            ),
        )
    }

    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(NIL)
    }

    fn epoch(&self) -> String {
        self.level.map_or(NIL.to_owned(), |level| level.to_string())
    }
}

//! A hub whose every answer is written by the test.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet, VecDeque},
    future::pending,
    rc::Rc,
    time::Duration,
};

use time::OffsetDateTime;
use tokio::{
    sync::{Notify, SetOnce},
    time::sleep,
};

use crate::{
    error::SendError,
    messages::{Message, Messages},
    transport::{self, Connection, Failure, InFlight, Transport},
};

/// What becomes of one batch.
#[derive(Debug, Clone)]
pub(super) enum Play {
    /// Stored and accepted.
    Accept,
    /// Stored and accepted after this time.
    After(Duration),
    /// Stored and accepted when the test says so.
    Hold(Rc<Notify>),
    /// Not stored, with this outcome or this loss.
    Fail(Failure),
    /// Not stored, and never answered.
    Silent,
    /// Not stored, and the whole connection is gone.
    Cut(SendError),
}

/// The hub. Clones are the same hub.
#[derive(Clone)]
pub(super) struct Fake(Rc<State>);

struct State {
    partitions: RefCell<Vec<String>>,
    /// For the next batches of a partition (`""`: of any).
    plays: RefCell<HashMap<String, VecDeque<Play>>>,
    /// For all batches of a partition that no play is written for.
    standing: RefCell<HashMap<String, Play>>,
    /// The ids of events in the order in which they were stored, with their partitions.
    stored: RefCell<Vec<(String, String)>>,
    max_size: Cell<usize>,
    /// The answers to the next attempts to connect.
    connects: RefCell<VecDeque<Result<(), SendError>>>,
    connected: Cell<usize>,
    attached: RefCell<Vec<String>>,
    batches: Cell<usize>,
    lifetime: Cell<Option<Duration>>,
    in_flight: Cell<usize>,
}

impl Fake {
    pub(super) fn new(partitions: usize) -> Self {
        let fake = Self(Rc::new(State {
            partitions: RefCell::default(),
            plays: RefCell::default(),
            standing: RefCell::default(),
            stored: RefCell::default(),
            max_size: Cell::new(1024 * 1024),
            connects: RefCell::default(),
            connected: Cell::new(0),
            attached: RefCell::default(),
            batches: Cell::new(0),
            lifetime: Cell::new(None),
            in_flight: Cell::new(8),
        }));
        fake.set_partitions(partitions);
        fake
    }

    /// The hub has so many partitions from now on.
    pub(super) fn set_partitions(&self, partitions: usize) {
        *self.0.partitions.borrow_mut() = (0..partitions).map(|id| id.to_string()).collect();
    }

    /// What becomes of the next batch of a partition that nothing is written for yet.
    pub(super) fn next(&self, partition: &str, play: Play) {
        self.0.plays.borrow_mut().entry(partition.to_owned()).or_default().push_back(play);
    }

    /// What becomes of all batches of a partition that nothing else is written for.
    pub(super) fn always(&self, partition: &str, play: Play) {
        self.0.standing.borrow_mut().insert(partition.to_owned(), play);
    }

    pub(super) fn next_connect(&self, result: Result<(), SendError>) {
        self.0.connects.borrow_mut().push_back(result);
    }

    /// From now on it is connected to without trouble.
    pub(super) fn forget_connects(&self) {
        self.0.connects.borrow_mut().clear();
    }

    /// How long tokens are good for from now on.
    pub(super) fn set_lifetime(&self, lifetime: Duration) {
        self.0.lifetime.set(Some(lifetime));
    }

    pub(super) fn set_max_size(&self, bytes: usize) {
        self.0.max_size.set(bytes);
    }

    pub(super) fn set_in_flight(&self, batches: usize) {
        self.0.in_flight.set(batches);
    }

    /// The ids of the events that are stored, in their order.
    pub(super) fn stored(&self) -> Vec<String> {
        self.0.stored.borrow().iter().map(|(_, id)| id.clone()).collect()
    }

    /// The same of one partition.
    pub(super) fn stored_in(&self, partition: &str) -> Vec<String> {
        let stored = self.0.stored.borrow();
        stored.iter().filter(|(of, _)| of == partition).map(|(_, id)| id.clone()).collect()
    }

    /// How often the producer has connected.
    pub(super) fn connected(&self) -> usize {
        self.0.connected.get()
    }

    /// How often a link was attached to a partition.
    pub(super) fn attached(&self, partition: &str) -> usize {
        self.0.attached.borrow().iter().filter(|attached| *attached == partition).count()
    }

    pub(super) fn batches(&self) -> usize {
        self.0.batches.get()
    }
}

impl Transport for Fake {
    type Connection = FakeConnection;

    async fn connect(&self) -> Result<FakeConnection, SendError> {
        let answer = self.0.connects.borrow_mut().pop_front();
        answer.unwrap_or(Ok(()))?;
        self.0.connected.set(self.0.connected.get() + 1);
        let expires_on = self.0.lifetime.get().map(|lifetime| OffsetDateTime::now_utc() + lifetime);
        Ok(FakeConnection { hub: self.clone(), links: RefCell::default(), ended: SetOnce::new(), expires_on })
    }

    fn in_flight(&self) -> InFlight {
        let batches = self.0.in_flight.get();
        InFlight { batches, full_batches: batches, batch_bytes: 1000 }
    }
}

pub(super) struct FakeConnection {
    hub: Fake,
    links: RefCell<HashSet<String>>,
    ended: SetOnce<SendError>,
    expires_on: Option<OffsetDateTime>,
}

pub(super) struct FakeBatch {
    ids: Vec<String>,
    size: usize,
    max_size: usize,
}

impl Connection for FakeConnection {
    type Batch<'a> = FakeBatch;

    async fn partition_ids(&self) -> Result<Vec<String>, SendError> {
        Ok(self.hub.0.partitions.borrow().clone())
    }

    async fn batch(&self, partition_id: &str) -> Result<FakeBatch, Failure> {
        if !self.hub.0.partitions.borrow().iter().any(|id| id == partition_id) {
            return Err(Failure::of_link(SendError::NotFound("amqp:not-found".to_owned())));
        }
        if self.links.borrow_mut().insert(partition_id.to_owned()) {
            self.hub.0.attached.borrow_mut().push(partition_id.to_owned());
        }
        Ok(FakeBatch { ids: Vec::new(), size: 0, max_size: self.hub.0.max_size.get() })
    }

    async fn send(&self, partition_id: &str, batch: FakeBatch) -> Result<(), Failure> {
        let state = &*self.hub.0;
        state.batches.set(state.batches.get() + 1);
        let next = state.plays.borrow_mut().get_mut(partition_id).and_then(VecDeque::pop_front);
        let play = next.or_else(|| state.standing.borrow().get(partition_id).cloned()).unwrap_or(Play::Accept);
        match play {
            Play::Accept => {}
            Play::After(delay) => sleep(delay).await,
            Play::Hold(released) => released.notified().await,
            Play::Fail(failure) => {
                if failure.broken != transport::Broken::Nothing {
                    self.links.borrow_mut().remove(partition_id);
                }
                return Err(failure);
            }
            Play::Silent => pending().await,
            Play::Cut(error) => {
                let _ = self.ended.set(error);
                return pending().await;
            }
        }
        state.stored.borrow_mut().extend(batch.ids.into_iter().map(|id| (partition_id.to_owned(), id)));
        Ok(())
    }

    fn detach(&self, partition_id: &str) -> bool {
        self.links.borrow_mut().remove(partition_id);
        true
    }

    async fn ended(&self) -> SendError {
        self.ended.wait().await.clone()
    }

    fn expires_on(&self) -> Option<OffsetDateTime> {
        self.expires_on
    }

    async fn close(self) {}
}

impl transport::Batch for FakeBatch {
    fn try_add(&mut self, messages: &Messages, message: &Message) -> Result<bool, SendError> {
        let size = self.size + messages.size(message);
        let fits = size <= self.max_size;
        if fits {
            let mut id = Vec::new();
            messages.write_id(message, &mut id);
            self.ids.push(String::from_utf8(id).unwrap());
            self.size = size;
        }
        Ok(fits)
    }

    fn len(&self) -> usize {
        self.ids.len()
    }
}

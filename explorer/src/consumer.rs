//! Reads a hub as any consumer does, over AMQP, all partitions at once, and goes on after whatever has failed.
//!
//! Why not Microsoft's client: it can ask neither for the end of a partition with each event nor for WebSockets, and
//! tells only the program's log why a partition is refused.

mod event;
mod fault;
mod hub;
mod link;
mod management;
mod trouble;

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{
    sync::{Semaphore, mpsc, watch},
    task::{JoinHandle, JoinSet},
    time::sleep,
};

pub(crate) use self::event::Event;
use self::{
    fault::Fault,
    hub::{Control, Hub},
    link::{Link, Start},
    management::Description,
    trouble::Trouble,
};
use crate::{
    moment::{Nanoseconds, of_offset},
    progress::{Connection, Progress},
    source::Source,
};

/// How many events, and bytes of them, may wait to be taken. When they are that many, the hub is asked for no more.
const QUEUE: usize = 4096;
const QUEUED_BYTES: usize = 64 * 1024 * 1024;

/// How long to wait before something is tried again: at first, and at most, after it failed again and again.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How often the hub is asked how things stand; each event tells it too.
const LOOK: Duration = Duration::from_secs(10);

/// A hub that is being read. Dropping it ends that.
#[derive(Debug)]
pub(crate) struct Consumer {
    pub(crate) events: mpsc::Receiver<Event>,
    task: JoinHandle<()>,
}

impl Consumer {
    /// Starts reading. What becomes of it is told in `progress`.
    pub(crate) fn start(source: Source, progress: Arc<watch::Sender<Progress>>) -> Self {
        let (sender, events) = mpsc::channel(QUEUE);
        let reading = Reading {
            since: source.since.map(of_offset),
            source: Arc::new(source),
            events: sender,
            room: Arc::new(Semaphore::new(QUEUED_BYTES)),
            progress,
            places: Mutex::default(),
        };
        Self { events, task: tokio::spawn(follow(Arc::new(reading))) }
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What all tasks of a consumer share.
struct Reading {
    source: Arc<Source>,
    since: Option<Nanoseconds>,
    events: mpsc::Sender<Event>,
    room: Arc<Semaphore>,
    progress: Arc<watch::Sender<Progress>>,
    places: Mutex<Places>,
}

/// How far each partition was received, which goes on from there after a failure.
#[derive(Default)]
struct Places {
    /// When the hub was made in which these places are.
    created: Option<i64>,
    last: Vec<(Arc<str>, i64)>,
}

/// Reads until nobody wants the events any more.
async fn follow(reading: Arc<Reading>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let fault = match Hub::open(&reading.source).await {
            Ok((hub, control, description)) => {
                pause = FIRST_PAUSE;
                read(&reading, hub, control, description).await
            }
            Err(fault) => fault,
        };
        let sentence = fault.trouble.sentence(&reading.source);
        reading.progress.send_modify(|progress| progress.connection = Connection::Lost(sentence));
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Reads on one connection until it has to be opened again.
async fn read(reading: &Arc<Reading>, hub: Hub, mut control: Control, mut description: Description) -> Fault {
    let hub = Arc::new(hub);
    let mut partitions = JoinSet::new();
    let mut known = 0;
    if reading.places.lock().adopt(description.created) {
        reading.progress.send_modify(|progress| progress.partitions.clear());
    }
    loop {
        let fresh = description.partitions.get(known..).unwrap_or_default();
        reading.begin(&description.partitions);
        if let Err(fault) = look(reading, &mut control, &description.partitions).await {
            return fault;
        }
        for id in fresh {
            partitions.spawn(follow_partition(Arc::clone(reading), Arc::clone(&hub), Arc::clone(id)));
        }
        known = description.partitions.len();
        tokio::select! {
            Some(ended) = partitions.join_next() => return ended.unwrap_or_else(|error| {
                Fault::of_connection(Trouble::Interrupted(error.to_string()))
            }),
            () = sleep(LOOK) => {}
        }
        let again = async {
            control.renew(&reading.source).await?;
            control.describe().await
        };
        match again.await {
            Ok(again) if again.created == description.created && again.partitions.len() >= known => description = again,
            Ok(_) => return Fault::of_connection(Trouble::Interrupted("the hub was made again".to_owned())),
            Err(fault) => return fault,
        }
    }
}

/// Asks where the partitions end.
async fn look(reading: &Reading, control: &mut Control, partitions: &[Arc<str>]) -> Result<(), Fault> {
    for id in partitions {
        let end = control.partition(id).await?;
        reading.progress.send_modify(|progress| {
            if let Some(standing) = progress.partition(id) {
                standing.end = Some(end);
            }
        });
    }
    Ok(())
}

/// Reads a partition until the connection has to be opened again, which is why it ends.
async fn follow_partition(reading: Arc<Reading>, hub: Arc<Hub>, id: Arc<str>) -> Fault {
    let mut pause = FIRST_PAUSE;
    loop {
        let fault = match attach(&reading, &hub, &id).await {
            Ok(mut link) => {
                pause = FIRST_PAUSE;
                let Err(fault) = receive(&reading, &mut link, &id).await;
                match fault.trouble {
                    // It was there a moment ago: the hub itself may be gone.
                    Trouble::NoGroup(why) => return Fault::of_connection(Trouble::NoHub(why)),
                    _ => fault,
                }
            }
            Err(fault) => fault,
        };
        if fault.ends_connection {
            return fault;
        }
        let sentence = fault.trouble.sentence(&hub.source);
        reading.progress.send_modify(|progress| {
            if let Some(standing) = progress.partition(&id) {
                standing.problem = Some(sentence);
            }
        });
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn attach(reading: &Reading, hub: &Hub, id: &Arc<str>) -> Result<Link, Fault> {
    let start = match (reading.places.lock().of(id), reading.since) {
        (Some(place), _) => Start::After(place),
        (None, Some(since)) => Start::Since(since),
        (None, None) => Start::Earliest,
    };
    let link = Link::attach(hub.session().await?, &hub.source, id, start).await?;
    reading
        .progress
        .send_if_modified(|progress| progress.partition(id).and_then(|standing| standing.problem.take()).is_some());
    Ok(link)
}

/// Hands events on as they come, until that fails.
async fn receive(reading: &Reading, link: &mut Link, id: &Arc<str>) -> Result<std::convert::Infallible, Fault> {
    loop {
        let mut event = link.next().await?;
        let bytes = u32::try_from(event.body.len().min(QUEUED_BYTES)).unwrap_or(u32::MAX);
        event.room = Arc::clone(&reading.room).acquire_many_owned(bytes).await.ok();
        let place = event.sequence_number;
        if reading.events.send(event).await.is_err() {
            // The explorer is being dropped, and this task with it.
            return std::future::pending().await;
        }
        reading.places.lock().set(id, place);
    }
}

impl Reading {
    fn begin(&self, partitions: &[Arc<str>]) {
        self.progress.send_modify(|progress| {
            progress.connection = Connection::Reading;
            progress.set_partitions(partitions, self.since);
        });
    }
}

impl Places {
    /// Forgets the places if they are those of a hub that was made at another time: true if so.
    fn adopt(&mut self, created: Option<i64>) -> bool {
        let is_another = self.created != created;
        if is_another {
            *self = Self { created, last: Vec::new() };
        }
        is_another
    }

    fn of(&self, id: &str) -> Option<i64> {
        self.last.iter().find(|(known, _)| **known == *id).map(|(_, place)| *place)
    }

    fn set(&mut self, id: &Arc<str>, place: i64) {
        match self.last.iter_mut().find(|(known, _)| known == id) {
            Some((_, last)) => *last = place,
            None => self.last.push((Arc::clone(id), place)),
        }
    }
}

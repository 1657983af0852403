//! The local Event Hubs endpoint, as a process of its own: so it can have a core of its own, and its processor time is
//! not the driver's. It obeys one line of its input at a time.

use std::{
    io::{self, BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use local_azure::event_hubs::{Config, EventHubs, HubConfig};
use serde::{Deserialize, Serialize};

use crate::{
    options::AS_HUB,
    process::{self, Part},
};

const HUB: &str = "twins";
const PARTITIONS: u32 = 4;
/// What a partition keeps: enough for the check, and little enough to stay in the cache of the processor.
const RETENTION: usize = 256 * 1024;

/// What the process that serves the hub does, until its input ends.
pub fn serve() {
    let config = Config {
        hubs: vec![HubConfig::new(HUB, PARTITIONS)],
        retention_bytes: RETENTION,
        acknowledgement_delay: Duration::ZERO,
        ..Config::default()
    };
    let hubs = EventHubs::start(config).unwrap();
    say(&hubs.connection_string(HUB));
    for line in io::stdin().lines() {
        let line = line.unwrap();
        match line.split_once(' ') {
            Some(("delay", milliseconds)) => {
                let delay = Duration::from_millis(milliseconds.parse().unwrap());
                hubs.faults().set_acknowledgement_delay(delay);
                say("done");
            }
            None if line == "accepted" => say(&hubs.accepted(HUB).to_string()),
            None if line == "events" => {
                let events: Vec<_> = hubs.events(HUB).into_iter().map(Event::from).collect();
                say(&serde_json::to_string(&events).unwrap());
            }
            _ => panic!("not understood: {line}"),
        }
    }
}

fn say(line: &str) {
    println!("{line}");
    io::stdout().flush().unwrap();
}

/// An event that the hub holds.
#[derive(Deserialize, Serialize)]
pub struct Event {
    pub message_id: Option<String>,
    pub partition_key: Option<String>,
    pub content_type: Option<String>,
    pub body: String,
}

impl From<local_azure::event_hubs::StoredEvent> for Event {
    fn from(event: local_azure::event_hubs::StoredEvent) -> Self {
        let body = event.text().into_owned();
        Self {
            message_id: event.message_id,
            partition_key: event.partition_key,
            content_type: event.content_type,
            body,
        }
    }
}

/// A hub at work. It ends when it is dropped.
pub struct Hub {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    pub connection_string: String,
}

impl Hub {
    pub fn start() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(AS_HUB).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = process::spawn(&mut command, Part::Hub);
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let mut hub = Self { child, orders, answers, connection_string: String::new() };
        hub.connection_string = hub.answer();
        hub
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Acknowledges so late from now on.
    pub fn delay(&mut self, milliseconds: u64) {
        self.order(&format!("delay {milliseconds}"));
        assert_eq!(self.answer(), "done");
    }

    /// How many events it has accepted so far.
    pub fn accepted(&mut self) -> u64 {
        self.order("accepted");
        self.answer().parse().unwrap()
    }

    /// All events that it holds.
    pub fn events(&mut self) -> Vec<Event> {
        self.order("events");
        serde_json::from_str(&self.answer()).unwrap()
    }

    fn order(&mut self, line: &str) {
        writeln!(self.orders.as_mut().unwrap(), "{line}").unwrap();
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "the hub has ended");
        line.trim_end().to_owned()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        drop(self.orders.take());
        // The end of its input ends it.
        let _ = self.child.wait();
    }
}

//! The dead letters of a store. Each blob is read, its events are sent, and only then it is deleted, or holds what is
//! left: interrupted anywhere, nothing is lost.

use std::{
    future::ready,
    io::{self, Write},
    pin::pin,
    process::ExitCode,
};

use event_hub_producer::SendError;
use futures::{StreamExt, stream};
use indicatif::ProgressBar;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use twin_records::time_stamp;

use super::forwarding::{STOPPED, TOGETHER, forward, progress_bar, summary};
use crate::{
    bridge::Bridge,
    cli::arguments::SOME_BAD,
    counts::Counts,
    dead_letter,
    dead_letters::{LetterName, Store, StoreError, Stored, Version},
};

/// How many blobs are read ahead of the one whose events are sent, and how many are written behind it.
const AT_ONCE: usize = 16;

/// What became of all blobs.
#[derive(Debug, Default)]
struct Sum {
    counts: Counts,
    blobs: usize,
    /// How many are there still.
    left: usize,
}

#[derive(Debug)]
struct Blob {
    name: LetterName,
    stored: Stored,
}

/// A blob whose events are in the hub, except what is left.
#[derive(Debug)]
struct Sent {
    name: LetterName,
    version: Version,
    counts: Counts,
    left: Left,
    /// Why something is left.
    reasons: Vec<String>,
}

/// What of a blob is still bad.
#[derive(Debug)]
enum Left {
    Nothing,
    /// An array of dead letters with their new reasons.
    Letters(Vec<u8>),
    /// All of it, as it is: nobody knows what it holds.
    Unreadable,
}

/// A blob that holds what is left, unless it was changed meanwhile.
#[derive(Debug)]
struct Settled {
    sent: Sent,
    is_changed: bool,
}

/// Sends what is in the store until `stop`, or only says what would be sent.
pub(super) async fn run(
    store: &Store,
    bridge: &Bridge,
    dry_run: bool,
    stop: impl Future<Output = ()>,
) -> io::Result<ExitCode> {
    let progress = progress_bar(0, "blobs");
    let received_at = time_stamp(OffsetDateTime::now_utc());
    let replay = StoreReplay { store, bridge, dry_run, progress: &progress, received_at: &received_at };
    let mut sum = Sum::default();
    let result = tokio::select! {
        result = replay.run(&mut sum) => result,
        () = stop => Err(io::Error::other(SendError::Stopped)),
    };
    progress.finish_and_clear();
    writeln!(io::stdout(), "{}", replay.summary(&sum.counts))?;
    if let Err(error) = result {
        eprintln!("error: {error}");
        eprintln!("What was not done is in the {store} as before. To go on, run it again.");
        return Ok(ExitCode::from(STOPPED));
    }
    match sum {
        Sum { blobs: 0, .. } => eprintln!("There are no dead letters in the {store}."),
        Sum { left: 0, .. } if dry_run => eprintln!("Nothing would be left in the {store}."),
        Sum { left: 0, .. } => eprintln!("Nothing is left in the {store}."),
        Sum { left, blobs, .. } => eprintln!("{left} of {blobs} blobs stay in the {store}."),
    }
    Ok(if sum.left == 0 { ExitCode::SUCCESS } else { ExitCode::from(SOME_BAD) })
}

/// What the steps have in common.
struct StoreReplay<'a> {
    store: &'a Store,
    bridge: &'a Bridge,
    dry_run: bool,
    progress: &'a ProgressBar,
    received_at: &'a str,
}

impl StoreReplay<'_> {
    async fn run(&self, sum: &mut Sum) -> io::Result<()> {
        let names = self.store.list().await.map_err(io::Error::other)?;
        sum.blobs = names.len();
        self.progress.set_length(names.len() as u64);
        let blobs = stream::iter(names).map(|name| self.read(name)).buffered(AT_ONCE);
        // What is gone by now somebody else has seen to.
        let found = blobs.filter_map(|blob| ready(blob.transpose()));
        // One blob's events after the other's, in the order of the blobs.
        let sent = found.then(|blob| self.send(blob));
        let mut settled = pin!(sent.map(|sent| self.settle(sent)).buffered(AT_ONCE));
        while let Some(settled) = settled.next().await {
            let settled = settled?;
            sum.counts += settled.sent.counts;
            sum.left += usize::from(settled.is_changed || !matches!(settled.sent.left, Left::Nothing));
            self.progress.suspend(|| self.tell(&settled))?;
            self.progress.inc(1);
        }
        Ok(())
    }

    async fn read(&self, name: LetterName) -> io::Result<Option<Blob>> {
        let stored = self.store.read(&name).await.map_err(|error| failed(&name, &error))?;
        Ok(stored.map(|stored| Blob { name, stored }))
    }

    async fn send(&self, blob: io::Result<Blob>) -> io::Result<Sent> {
        let Blob { name, stored: Stored { bytes, version } } = blob?;
        let events = match events(&bytes) {
            Ok(events) => events,
            Err(error) => {
                let counts = Counts { events: 1, set_aside: 1, ..Counts::default() };
                let reasons = vec![format!("It is not JSON ({error}).")];
                return Ok(Sent { name, version, counts, left: Left::Unreadable, reasons });
            }
        };
        let events: Vec<_> = events.into_iter().map(dead_letter::published).collect();
        let mut counts = Counts::default();
        let mut letters = Vec::new();
        for together in events.chunks(TOGETHER) {
            let together: Vec<&RawValue> = together.iter().map(AsRef::as_ref).collect();
            let forwarded = forward(self.bridge, &together, self.received_at, self.progress).await;
            let forwarded = forwarded.map_err(io::Error::other)?;
            counts += forwarded.counts;
            letters.extend(forwarded.dead_letters);
        }
        let reasons = letters.iter().map(|letter| letter.reason.to_string()).collect();
        let left = if letters.is_empty() { Left::Nothing } else { Left::Letters(serde_json::to_vec(&letters)?) };
        Ok(Sent { name, version, counts, left, reasons })
    }

    async fn settle(&self, sent: io::Result<Sent>) -> io::Result<Settled> {
        let sent = sent?;
        let settled = match &sent.left {
            _ if self.dry_run => Ok(true),
            Left::Nothing => self.store.delete(&sent.name, &sent.version).await,
            Left::Letters(letters) => self.store.rewrite(&sent.name, &sent.version, letters.clone()).await,
            Left::Unreadable => Ok(true),
        };
        let is_changed = !settled.map_err(|error| failed(&sent.name, &error))?;
        Ok(Settled { sent, is_changed })
    }

    fn tell(&self, Settled { sent: Sent { name, counts, reasons, .. }, is_changed }: &Settled) -> io::Result<()> {
        for reason in reasons {
            eprintln!("still bad: {name}: {reason}");
        }
        if *is_changed {
            eprintln!("left alone: {name} was changed meanwhile.");
        }
        if self.dry_run { writeln!(io::stdout(), "{name}: {}", self.summary(counts)) } else { Ok(()) }
    }

    fn summary(&self, counts: &Counts) -> String {
        summary(if self.dry_run { "would forward" } else { "forwarded" }, counts)
    }
}

fn failed(name: &LetterName, error: &StoreError) -> io::Error {
    io::Error::other(format!("{name}: {error}"))
}

/// The events in a blob: an array of them if the bridge or Event Grid wrote it, one if Azure Digital Twins did.
fn events(bytes: &[u8]) -> serde_json::Result<Vec<&RawValue>> {
    // What some editors put in front.
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    serde_json::from_slice(bytes).or_else(|_| serde_json::from_slice(bytes).map(|event| vec![event]))
}

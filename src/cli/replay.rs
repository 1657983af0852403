//! `twin-bridge replay`: dead letters through the same steps to the hub, after somebody has mended what was wrong.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    pin::pin,
    process::ExitCode,
};

use event_hub_producer::SendError;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{json, value::RawValue};
use time::OffsetDateTime;
use tokio::time::Instant;
use twin_records::{Received, time_stamp};

use super::{
    arguments::{Replay, SOME_BAD},
    input::{self, Unreadable},
};
use crate::{
    bridge::{Bridge, Forwarded},
    counts::Counts,
    telemetry::Observation,
};

/// Events that go to the hub together.
const TOGETHER: usize = 200;

/// Could not go on.
const STOPPED: u8 = 1;

/// Sends the events of all files, in order, until `stop`.
///
/// # Errors
/// Reading the files, or writing the rest.
pub async fn run(arguments: &Replay, bridge: &Bridge, stop: impl Future<Output = ()>) -> io::Result<ExitCode> {
    let texts = arguments.files.iter().map(fs::read_to_string).collect::<io::Result<Vec<_>>>()?;
    let events: Vec<_> = texts.iter().flat_map(|text| input::events(text)).collect();
    let mut rest =
        arguments.rest.as_ref().map(|rest| OpenOptions::new().append(true).create(true).open(rest)).transpose()?;
    let received_at = time_stamp(OffsetDateTime::now_utc());
    let progress = progress_bar(events.len());
    let mut sum = Counts::default();
    let mut stop = pin!(stop);

    let mut done = arguments.skip.min(events.len());
    for together in events[done..].chunks(TOGETHER) {
        progress.set_position(done as u64);
        let readable: Vec<&RawValue> = together.iter().filter_map(|event| event.as_ref().ok().copied()).collect();
        let forwarded = tokio::select! {
            forwarded = forward(bridge, &readable, &received_at, &progress) => forwarded,
            () = &mut stop => Err(SendError::Stopped),
        };
        let forwarded = match forwarded {
            Ok(forwarded) => forwarded,
            Err(error) => {
                progress.abandon();
                print(&sum);
                eprintln!("error: {error}");
                eprintln!("{done} of {} events are done. To go on from there: --skip {done}", events.len());
                return Ok(ExitCode::from(STOPPED));
            }
        };
        let unreadable = together.iter().filter_map(|event| event.as_ref().err());
        let unreadable = keep(&mut rest, &forwarded, unreadable, &received_at)?;
        sum += forwarded.counts;
        sum += Counts { events: unreadable, set_aside: unreadable, ..Counts::default() };
        done += together.len();
    }
    progress.finish_and_clear();
    print(&sum);
    Ok(if sum.set_aside == 0 { ExitCode::SUCCESS } else { ExitCode::from(SOME_BAD) })
}

/// Takes events to the hub, and does not give up while trying again may help.
async fn forward<'a>(
    bridge: &Bridge,
    events: &[&'a RawValue],
    received_at: &'a str,
    progress: &ProgressBar,
) -> Result<Forwarded<'a>, SendError> {
    loop {
        let deadline = Instant::now() + bridge.delivery_timeout();
        let memory = bridge.memory().reserve(events.iter().map(|event| event.get().len()).sum()).await;
        let events = events.iter().copied().map(Received::of).collect();
        match bridge.forward(events, received_at, memory, deadline, &mut Observation::default()).await {
            Err(error) if error.is_passing() => progress.suspend(|| eprintln!("warning: {error} Trying again.")),
            result => return result,
        }
    }
}

/// Writes what is still bad to the rest, or names it on stderr if there is none, and answers how much of it is no event.
fn keep<'a>(
    rest: &mut Option<File>,
    forwarded: &Forwarded<'_>,
    unreadable: impl Iterator<Item = &'a Unreadable<'a>>,
    received_at: &str,
) -> io::Result<u64> {
    let unreadable = unreadable.map(|Unreadable { text, reason }| {
        let letter = json!({
            "event": text,
            "deadLetterReason": reason,
            "lastDeliveryOutcome": "BadRequest",
            "lastDeliveryAttemptTime": received_at,
        });
        (letter.to_string(), reason.clone())
    });
    let mut letters: Vec<_> = unreadable.collect();
    let no_events = letters.len() as u64;
    for letter in &forwarded.dead_letters {
        letters.push((serde_json::to_string(letter)?, letter.reason.to_string()));
    }
    for (letter, reason) in &letters {
        match rest {
            Some(rest) => writeln!(rest, "{letter}")?,
            None => eprintln!("still bad: {reason}"),
        }
    }
    Ok(no_events)
}

fn print(counts: &Counts) {
    let Counts { events, records, ignored, set_aside: bad, .. } = *counts;
    let forwarded = events - ignored - bad;
    println!("forwarded {forwarded} (records {records}), still bad {bad}, ignored {ignored}");
}

/// Shown on a terminal only.
fn progress_bar(events: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} events, {per_sec}, {eta} to go");
    ProgressBar::new(events as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

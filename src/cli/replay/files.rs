//! The dead letters in files, and those that are still bad in another.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    pin::pin,
    process::ExitCode,
};

use event_hub_producer::SendError;
use serde_json::{json, value::RawValue};
use time::OffsetDateTime;
use twin_records::time_stamp;

use super::forwarding::{STOPPED, TOGETHER, forward, progress_bar, summary};
use crate::{
    bridge::{Bridge, Forwarded},
    cli::{
        arguments::{Replay, SOME_BAD},
        input::{self, Unreadable},
    },
    counts::Counts,
};

/// Sends the events of all files, in order, until `stop`.
///
/// # Errors
/// Reading the files, or writing the rest.
pub(super) async fn run(arguments: &Replay, bridge: &Bridge, stop: impl Future<Output = ()>) -> io::Result<ExitCode> {
    let texts = arguments.files.iter().map(fs::read_to_string).collect::<io::Result<Vec<_>>>()?;
    let events: Vec<_> = texts.iter().flat_map(|text| input::events(text)).collect();
    let mut rest =
        arguments.rest.as_ref().map(|rest| OpenOptions::new().append(true).create(true).open(rest)).transpose()?;
    let received_at = time_stamp(OffsetDateTime::now_utc());
    let progress = progress_bar(events.len(), "events");
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
                println!("{}", summary("forwarded", &sum));
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
    println!("{}", summary("forwarded", &sum));
    Ok(if sum.set_aside == 0 { ExitCode::SUCCESS } else { ExitCode::from(SOME_BAD) })
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

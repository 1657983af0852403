//! The command line: the handler itself, and tools that run the same steps on files.

use std::{
    fs::File,
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use serde_json::value::RawValue;
use time::OffsetDateTime;

use crate::{
    bridge::{Converted, convert},
    invocation, json, record,
    settings::RecordSettings,
};

/// Turns the change notifications of Azure Digital Twins into time-series records in an event hub.
///
/// Without a command it serves the Azure Functions host as a custom handler, with app settings from the environment.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do instead of serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prints the records of the notifications in a file, one JSON object a line, as the event hub would get them.
    ///
    /// Bad events are named on stderr with the reason and make the exit code 2.
    Flatten {
        /// A file with one event, an array of events, or one a line, in either schema; `-` is stdin.
        #[arg(default_value = "-")]
        file: PathBuf,
    },
}

/// Some of the input could not be recorded.
const SOME_BAD: u8 = 2;

/// Runs `twin-bridge flatten`.
///
/// # Errors
/// Reading the file, or writing to stdout.
pub fn flatten(file: &Path, settings: &RecordSettings) -> io::Result<ExitCode> {
    let mut text = String::new();
    if file.as_os_str() == "-" {
        io::stdin().read_to_string(&mut text)
    } else {
        File::open(file)?.read_to_string(&mut text)
    }?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut bad = 0_usize;
    let received_at = record::time_stamp(OffsetDateTime::now_utc());
    for (index, event) in events(&text).enumerate() {
        let records = event.and_then(|event| match convert(event, settings, &received_at) {
            Ok(Converted::Records(_, records)) => Ok(records),
            Ok(Converted::Ignored { .. }) => Ok(Vec::new()),
            Err(error) => Err(error.to_string()),
        });
        match records {
            Ok(records) => {
                for record in records {
                    out.write_all(&record.body)?;
                    out.write_all(b"\n")?;
                }
            }
            Err(reason) => {
                bad += 1;
                eprintln!("event {index}: {reason}");
            }
        }
    }
    out.flush()?;
    Ok(if bad == 0 { ExitCode::SUCCESS } else { ExitCode::from(SOME_BAD) })
}

/// The events in a file, whichever way they are put there; for a stretch that is not JSON, the reason.
fn events(text: &str) -> impl Iterator<Item = Result<&RawValue, String>> {
    let events = documents(text).flat_map(|document| match document {
        Ok(document) if document.get().starts_with('[') => match invocation::each(document.get()) {
            Ok(events) => events.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error.to_string())],
        },
        other => vec![other],
    });
    events.map(|event| match event {
        Ok(event) if json::is_too_deep(event.get()) => {
            Err(format!("It is nested deeper than {} levels.", json::MAX_DEPTH))
        }
        event => event,
    })
}

/// The JSON documents that stand one after another in `text`. After one that is broken, the next line goes on.
fn documents(text: &str) -> impl Iterator<Item = Result<&RawValue, String>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|character: char| character.is_ascii_whitespace() || character == '\u{feff}');
        if rest.is_empty() {
            return None;
        }
        let mut documents = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        let document = documents.next()?;
        let end = match &document {
            Ok(_) => documents.byte_offset(),
            Err(_) => rest.find('\n').unwrap_or(rest.len()),
        };
        rest = &rest[end..];
        Some(document.map_err(|error| format!("It is not JSON ({error}).")))
    })
}

#[cfg(test)]
mod tests;

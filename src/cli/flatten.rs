//! `twin-bridge flatten`: the records of the notifications in a file, with no hub needed.

use std::{
    fs::File,
    io::{self, BufWriter, Read, Write},
    path::Path,
    process::ExitCode,
};

use time::OffsetDateTime;
use twin_records::{Config, Converted, Records, convert, time_stamp};

use super::{arguments::SOME_BAD, input};

/// Prints the records of the notifications in `file`, `-` being stdin.
pub fn run(file: &Path, config: &Config) -> io::Result<ExitCode> {
    let mut text = String::new();
    if file.as_os_str() == "-" {
        io::stdin().read_to_string(&mut text)?;
    } else {
        File::open(file)?.read_to_string(&mut text)?;
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let mut bad = 0_usize;
    let received_at = time_stamp(OffsetDateTime::now_utc());
    for (index, event) in input::events(&text).enumerate() {
        let event = event.map_err(|unreadable| unreadable.reason);
        let records = event.and_then(|event| match convert(event, config, &received_at) {
            Ok(Converted::Records(_, records)) => Ok(records),
            Ok(Converted::Ignored { .. }) => Ok(Records::default()),
            Err(error) => Err(error.to_string()),
        });
        match records {
            Ok(records) => {
                for record in records.iter() {
                    out.write_all(record.text)?;
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

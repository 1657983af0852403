//! The line that tells how it goes: it refreshes on a terminal, and comes now and then where there is none.

use std::time::{Duration, Instant};

use explorer::Explorer;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use tokio::time::sleep;

/// How often the line refreshes.
const REFRESH: Duration = Duration::from_millis(500);

/// How often it is printed where nothing can refresh, unless there is a problem to tell.
const PRINT: Duration = Duration::from_secs(10);

/// Keeps the line up to date, for ever.
pub(crate) async fn follow(explorer: &Explorer) {
    let style = ProgressStyle::with_template("{wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    let bar = ProgressBar::new_spinner().with_style(style);
    let (mut since, mut records) = (Instant::now(), 0);
    let (mut printed, mut told) = (Instant::now(), None);
    loop {
        let problem = explorer.problem();
        if problem != told {
            if let Some(problem) = &problem {
                bar.suspend(|| eprintln!("{problem}"));
            } else {
                bar.suspend(|| eprintln!("The hub is read."));
            }
            told = problem;
        }
        sleep(REFRESH).await;
        let read = explorer.counters().records;
        let rate = per_second(read - records, since.elapsed());
        let line = line(explorer, rate);
        if !bar.is_hidden() {
            bar.set_message(line);
            bar.tick();
        } else if printed.elapsed() >= PRINT {
            println!("{line}");
            printed = Instant::now();
        }
        (since, records) = (Instant::now(), read);
    }
}

fn line(explorer: &Explorer, rate: f64) -> String {
    let counters = explorer.counters();
    let state = match (explorer.is_reading(), explorer.behind()) {
        (false, _) => "no connection".to_owned(),
        (true, None) => "catching up".to_owned(),
        (true, Some(0)) => "up to date".to_owned(),
        (true, Some(behind)) => format!("{} events to go", HumanCount(behind)),
    };
    let mut parts = vec![
        state,
        format!("{} records ({rate:.0}/s)", HumanCount(counters.records)),
        format!("{} points of {} series", HumanCount(counters.points as u64), HumanCount(counters.series as u64)),
        format!("{}", HumanBytes(counters.bytes as u64)),
    ];
    if counters.dropped > 0 {
        parts.push(format!("{} oldest points dropped", HumanCount(counters.dropped)));
    }
    parts.join(" · ")
}

#[allow(clippy::cast_precision_loss, reason = "for people to read")]
fn per_second(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

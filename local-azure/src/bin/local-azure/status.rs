//! The line that tells how it goes: it refreshes on a terminal, and comes now and then where there is none.

use std::time::{Duration, Instant};

use factory::Tally;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use tokio::time::sleep;

use crate::azure::Azure;

/// How often the line refreshes.
const REFRESH: Duration = Duration::from_millis(500);

/// How often it is printed where nothing can refresh.
const PRINT: Duration = Duration::from_secs(10);

/// The line, below which nothing is printed.
#[derive(Debug, Clone)]
pub(crate) struct Status(ProgressBar);

impl Status {
    pub(crate) fn new() -> Self {
        let style = ProgressStyle::with_template("{wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        Self(ProgressBar::new_spinner().with_style(style))
    }

    /// Prints a line above the status.
    pub(crate) fn print(&self, line: &str) {
        self.0.suspend(|| eprintln!("{line}"));
    }

    /// Takes the line away.
    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }

    /// Keeps the line up to date, for ever.
    pub(crate) async fn follow(&self, azure: &Azure, tally: &Tally) {
        let (mut since, mut last) = (Instant::now(), [0, 0]);
        loop {
            sleep(if self.0.is_hidden() { PRINT } else { REFRESH }).await;
            let counts = [tally.made(), azure.read().records];
            let seconds = since.elapsed().as_secs_f64();
            let rates = [0, 1].map(|index| per_second(counts[index] - last[index], seconds));
            (since, last) = (Instant::now(), counts);
            let line = line(azure, counts, rates);
            if self.0.is_hidden() {
                println!("{line}");
            } else {
                self.0.set_message(line);
                self.0.tick();
            }
        }
    }
}

fn line(azure: &Azure, [changes, records]: [u64; 2], [changes_per_second, records_per_second]: [f64; 2]) -> String {
    let mut parts = vec![
        format!("{} twins", HumanCount(azure.graph().map_or(0, |graph| graph.len()) as u64)),
        format!("{} changes ({changes_per_second:.1}/s)", HumanCount(changes)),
    ];
    if let Some(deliveries) = azure.deliveries() {
        parts.extend(deliveries.problem);
        let [delivered, to_go] = [deliveries.delivered, deliveries.to_go].map(HumanCount);
        parts.push(format!("{delivered} events delivered, {to_go} to go"));
        for (count, what) in deliveries.failures {
            if count > 0 {
                parts.push(format!("{} {what}", HumanCount(count)));
            }
        }
    }
    parts.push(format!("{} records ({records_per_second:.1}/s)", HumanCount(records)));
    parts.join(" · ")
}

#[allow(clippy::cast_precision_loss, reason = "for people to read")]
fn per_second(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds
}

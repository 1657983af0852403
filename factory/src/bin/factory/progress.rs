//! What is shown of the work: a bar while there is an end to it, then a line.

use std::time::Duration;

use factory::Tally;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use tokio::time::{Instant, sleep};

/// How often the line refreshes on a terminal.
const REFRESH: Duration = Duration::from_millis(500);

/// How often it is printed where there is none.
const PRINT: Duration = Duration::from_secs(10);

/// A bar, whose length grows with the work that is found.
pub(crate) fn bar(doing: &'static str) -> ProgressBar {
    ProgressBar::new(0).with_style(style("{msg} {bar:40} {pos}/{len}, {per_sec}")).with_message(doing)
}

/// Keeps a line about the changes up to date, for ever.
pub(crate) async fn follow(tally: &Tally) {
    let line = ProgressBar::new_spinner().with_style(style("{wide_msg}"));
    let (mut since, mut last) = (Instant::now(), 0);
    loop {
        sleep(if line.is_hidden() { PRINT } else { REFRESH }).await;
        let made = tally.made();
        let text = describe(tally, per_second(made - last, since.elapsed()));
        (since, last) = (Instant::now(), made);
        if line.is_hidden() {
            println!("{text}");
        } else {
            line.set_message(text);
            line.tick();
        }
    }
}

/// What has been changed, and what went wrong.
pub(crate) fn describe(tally: &Tally, per_second: f64) -> String {
    let made = format!("{} changes ({per_second:.1}/s)", HumanCount(tally.made()));
    match tally.problem() {
        Some(problem) => format!("{made}, {} refused: {problem}", HumanCount(tally.refused())),
        None => made,
    }
}

#[allow(clippy::cast_precision_loss, reason = "for people to read")]
pub(crate) fn per_second(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

//! The line that tells how it goes: it refreshes on a terminal, and comes now and then where there is none.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

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

    /// Says how it goes now.
    pub(crate) fn show(&self, line: String) {
        if self.0.is_hidden() {
            println!("{line}");
        } else {
            self.0.set_message(line);
            self.0.tick();
        }
    }

    /// How long to wait before it is shown again.
    pub(crate) fn pause(&self) -> Duration {
        if self.0.is_hidden() { PRINT } else { REFRESH }
    }
}

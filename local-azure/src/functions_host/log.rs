//! What the host would write to its log: its own remarks, the console output of the handler, the `Logs` of its answers.

use std::fmt;
use std::sync::Arc;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The normal course of things; everything that a handler writes to stdout.
    Information,
    /// A line on stderr that says `warn`.
    Warning,
    /// Failures; every other line on stderr.
    Error,
}

/// Who wrote a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Category {
    /// The host itself.
    Host,
    /// The handler, on its stdout or stderr. Nothing ties such a line to an invocation.
    Console,
    /// The function of that name, in the `Logs` of an answer.
    Function(String),
}

/// The category as Application Insights shows it.
impl fmt::Display for Category {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => out.write_str("Host"),
            Self::Console => out.write_str("Host.Function.Console"),
            Self::Function(name) => write!(out, "Function.{name}.User"),
        }
    }
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How much it matters.
    pub level: Level,
    /// Who wrote it.
    pub category: Category,
    /// What it says.
    pub message: String,
}

/// Where the lines go.
#[derive(Clone)]
pub struct Log(Arc<dyn Fn(&LogLine) + Send + Sync>);

impl Log {
    /// A log that hands every line to `sink`, on whatever thread it arises.
    pub fn new(sink: impl Fn(&LogLine) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    pub(super) fn information(&self, category: Category, message: impl Into<String>) {
        self.line(Level::Information, category, message);
    }

    pub(super) fn warning(&self, category: Category, message: impl Into<String>) {
        self.line(Level::Warning, category, message);
    }

    pub(super) fn error(&self, category: Category, message: impl Into<String>) {
        self.line(Level::Error, category, message);
    }

    pub(super) fn line(&self, level: Level, category: Category, message: impl Into<String>) {
        (self.0)(&LogLine { level, category, message: message.into() });
    }
}

/// Information goes to stdout, the rest to stderr; a line of the handler passes unchanged.
impl Default for Log {
    fn default() -> Self {
        Self::new(|line| {
            let text = match &line.category {
                Category::Console => line.message.clone(),
                category => format!("[{category}] {}", line.message),
            };
            if line.level == Level::Information { println!("{text}") } else { eprintln!("{text}") }
        })
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Log")
    }
}

/// The level that the host gives to a line on the stderr of a handler.
///
/// `errors_only` is `customHandler.description.useStdErrorStreamForErrorsOnly`, which is on unless `host.json` says
/// otherwise: then every line is an error that doesn't say `warn`, `info: all is well` included.
pub(super) fn stderr_level(line: &str, errors_only: bool) -> Level {
    let line = line.to_lowercase();
    let says = |word: &&str| line.contains(*word);
    if says(&"warn") {
        Level::Warning
    } else if errors_only || ["error", "fail", "severe", "unhandled exception"].iter().any(says) {
        Level::Error
    } else {
        Level::Information
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_on_stderr_get_a_level() {
        for (line, errors_only, level) in [
            ("info all is well", true, Level::Error),
            ("WARNING: hot", true, Level::Warning),
            ("it failed, with a warning", true, Level::Warning),
            ("info all is well", false, Level::Information),
            ("Unhandled Exception: boom", false, Level::Error),
            ("warn", false, Level::Warning),
        ] {
            assert_eq!(stderr_level(line, errors_only), level, "{line}");
        }
    }
}

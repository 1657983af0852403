//! Settings looked up one by one, and what is wrong with them.

use std::fmt;

/// Looks settings up and collects what is wrong with them. A setting that is empty is as good as absent.
pub(super) struct Reader<F> {
    lookup: F,
    mistakes: Vec<String>,
}

/// Everything that is wrong with the settings, one sentence each, the most important first.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistakes(Vec<String>);

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    pub(super) fn new(lookup: F) -> Self {
        Self { lookup, mistakes: Vec::new() }
    }

    pub(super) fn get(&self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// Takes note of what is wrong. What is read first counts as the most important.
    pub(super) fn mistake(&mut self, mistake: impl Into<String>) {
        self.mistakes.push(mistake.into());
    }

    /// What was read, if it is there and nothing is wrong with anything.
    pub(super) fn finish<T>(self, read: Option<T>) -> Result<T, Mistakes> {
        read.filter(|_| self.mistakes.is_empty()).ok_or(Mistakes(self.mistakes))
    }

    /// The choice that the setting names, in whatever case.
    pub(super) fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.get(name)?;
        let choice = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(&text)).map(|&(_, choice)| choice);
        if choice.is_none() {
            let words: Vec<_> = choices.iter().map(|&(word, _)| word).collect();
            self.mistake(format!("{name} must be one of: {}.", words.join(", ")));
        }
        choice
    }
}

impl fmt::Display for Mistakes {
    /// One line, since the Functions host keeps only the last three of a handler that could not start.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("twin-bridge can't start with these app settings:")?;
        (1..).zip(&self.0).try_for_each(|(number, mistake)| write!(formatter, " ({number}) {mistake}"))
    }
}

impl std::error::Error for Mistakes {}

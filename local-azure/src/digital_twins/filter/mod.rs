//! The filter of an event route: read once, then asked of every notification.
//!
//! The language is that of learn.microsoft.com, "Create event routes and filters": comparisons of the event's
//! attributes, of `$body` and of literals, the functions `STARTS_WITH`, `ENDS_WITH` and `CONTAINS`, joined by `AND` and
//! `OR`. Texts are case-sensitive, and `$body` can't look into arrays. Our reading, where the page is silent: keywords
//! may be in any case, `AND` binds tighter than `OR`, `NOT` and the attribute `id` exist, what is missing is `null`,
//! and values of different types are unequal and never less or greater.

mod expression;
mod parser;
#[cfg(test)]
mod tests;

use self::expression::Expression;
use super::notification::Notification;

/// A filter that makes sense.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filter(Expression);

impl Filter {
    /// Reads a filter. The error is a sentence that says what is wrong.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        parser::parse(text).map(Self)
    }

    /// Whether the notification passes.
    pub(super) fn matches(&self, notification: &Notification) -> bool {
        self.0.holds(notification)
    }
}

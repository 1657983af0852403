//! Conditions on the state before a change: HTTP's `If-Match` and `If-None-Match`.

use super::error::Error;

/// What must hold before a change is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing.
    #[default]
    None,
    /// `If-Match` with etags: the current etag is one of these.
    Matches(Vec<String>),
    /// `If-None-Match: *`: there is no such thing yet.
    Absent,
}

impl Precondition {
    /// Checks the condition against the etag of what is there.
    pub(super) fn check(&self, what: &str, current: Option<&str>) -> Result<(), Error> {
        match (self, current) {
            (Self::None, _) | (Self::Absent, None) => Ok(()),
            (Self::Absent, Some(_)) => {
                Err(Error::PreconditionFailed(format!("The {what} exists already, and If-None-Match forbids that.")))
            }
            (Self::Matches(etags), Some(current)) if etags.iter().any(|etag| etag == current) => Ok(()),
            (Self::Matches(_), _) => Err(Error::PreconditionFailed(format!(
                "The etag of the {what} is not the one in If-Match. Get it again."
            ))),
        }
    }
}

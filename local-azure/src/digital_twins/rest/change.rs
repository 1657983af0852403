//! A change that a request asks for.

use crate::digital_twins::error::Error;

/// Runs a change to its end even if the client hangs up in the middle, so that what was changed is also told.
pub(super) async fn to_the_end<T: Send + 'static>(
    change: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    match tokio::spawn(change).await {
        Ok(result) => result,
        Err(stopped) => Err(Error::Internal(stopped.to_string())),
    }
}

//! How long a database may take to answer.
//!
//! A server whose machine lost its power, or that a network no longer reaches, says nothing at all: without a bound whoever
//! waits for it does so for ever.

use std::time::Duration;

use crate::store::StoreError;

/// How long a statement that writes, or that the service asks for itself, may take. None of them reads much.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What the database answers.
///
/// # Errors
/// [`StoreError::Unavailable`] when it does not answer within [`PATIENCE`]. What was to be written may be written or not,
/// as when the connection breaks.
pub async fn in_time<T>(asked: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let silent = |_| {
        let seconds = PATIENCE.as_secs();
        Err(StoreError::Unavailable(format!("the database has not answered for {seconds} seconds")))
    };
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(silent)
}

//! The body of a request on its way into memory, of which there is only so much.

use axum::body::{Body, HttpBody};
use event_hub_producer::{Memory, Reserved};
use http_body_util::BodyExt;

/// The largest delivery: Event Grid's is 1 MB, and the host repeats the payload.
pub const MAX_BODY: usize = 16 * 1024 * 1024;

/// What a body is taken for until its end is seen: Event Grid's largest delivery as the host posts it.
const UNKNOWN: usize = 2 * 1024 * 1024;

/// What most deliveries fit: a body that grows into its memory is copied over and over.
const USUAL: usize = 64 * 1024;

/// A delivery is in memory as its body, its events, and their records.
const COPIES: usize = 4;

/// Why a body could not be read.
#[derive(Debug)]
pub enum Unread {
    /// It is larger than [`MAX_BODY`].
    TooLarge,
    /// It ended before its end.
    BrokeOff,
}

/// Reads a body as soon as there is memory for it. One that is too large is read to its end all the same, and dropped: a
/// sender that is still writing when the connection closes would not see the answer.
pub async fn read(memory: &Memory, mut body: Body) -> Result<(Vec<u8>, Reserved), Unread> {
    // Nothing is announced where it comes in chunks, as the host sends it.
    let announced = body.size_hint().exact().map(|bytes| usize::try_from(bytes).unwrap_or(MAX_BODY).min(MAX_BODY));
    let mut reserved = memory.reserve(announced.unwrap_or(UNKNOWN) * COPIES).await;
    let mut bytes = Some(Vec::with_capacity(announced.unwrap_or(USUAL)));
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::BrokeOff)?.into_data() else { continue };
        match &mut bytes {
            Some(read) if read.len() + data.len() <= MAX_BODY => {
                read.extend_from_slice(&data);
                if read.len() > announced.unwrap_or(UNKNOWN) {
                    reserved.resize(read.len() * COPIES).await;
                }
            }
            _ => bytes = None,
        }
    }
    let bytes = bytes.ok_or(Unread::TooLarge)?;
    reserved.resize(bytes.len() * COPIES).await;
    Ok((bytes, reserved))
}

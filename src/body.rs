//! Reads the bodies of requests into memory, of which there is only so much.

use axum::body::{Body, HttpBody};
use event_hub_producer::{Memory, Reserved};
use http_body_util::BodyExt;

/// The largest delivery of the webhook: Event Grid's is 1 MB.
pub const MAX_WEBHOOK: usize = 16 * MEBIBYTE;

/// The largest invocation: as many messages of 1 MiB in base64 as host.json lets into one, and what stands beside them.
pub const MAX_INVOCATION: usize = MAX_MESSAGES * MEBIBYTE / 3 * 4 + 16 * MEBIBYTE;

/// `maxEventBatchSize` and `maxMessageBatchSize` of host.json.
pub const MAX_MESSAGES: usize = 100;

const MEBIBYTE: usize = 1024 * 1024;

/// The size that is expected of a body which does not announce it: Event Grid's largest delivery as the host posts it.
const UNANNOUNCED: usize = 2 * MEBIBYTE;

/// Room for most deliveries, so that their bytes are not copied over and over while they come.
const CAPACITY: usize = 64 * 1024;

/// A delivery is in memory as its body, its events, and their records.
const COPIES: usize = 4;

/// Why a body could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// It is larger than it may be.
    TooLarge,
    /// It ended before its end.
    BrokeOff,
}

/// Reads bodies.
#[derive(Debug)]
pub struct BodyReader {
    memory: Memory,
}

impl BodyReader {
    /// A reader whose bodies share this memory with what becomes of them.
    pub fn new(memory: Memory) -> Self {
        Self { memory }
    }

    /// Reads a body of at most so many bytes as soon as there is memory for it. One that is larger is read to its end all
    /// the same, and dropped: a sender that is still writing when the connection closes would not see the answer.
    pub async fn read(&self, mut body: Body, limit: usize) -> Result<(Vec<u8>, Reserved), ReadError> {
        // Nothing is announced where it comes in chunks, as the host sends it.
        let announced = body.size_hint().exact().map(|bytes| usize::try_from(bytes).unwrap_or(limit).min(limit));
        let expected = announced.unwrap_or(UNANNOUNCED);
        let mut reserved = self.memory.reserve(expected * COPIES).await;
        let mut bytes = Some(Vec::with_capacity(announced.unwrap_or(CAPACITY)));
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| ReadError::BrokeOff)?.into_data() else { continue };
            match &mut bytes {
                Some(read) if read.len() + data.len() <= limit => {
                    if read.len() + data.len() > expected {
                        reserved.resize((read.len() + data.len()) * COPIES).await;
                    }
                    read.extend_from_slice(&data);
                }
                _ => bytes = None,
            }
        }
        let bytes = bytes.ok_or(ReadError::TooLarge)?;
        reserved.resize(bytes.len() * COPIES).await;
        Ok((bytes, reserved))
    }
}

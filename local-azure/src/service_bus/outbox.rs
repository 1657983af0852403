//! What is to be sent to a client and is not sent yet.

use fe2o3_amqp_types::performatives::{Performative, Transfer};

use super::frame::{HEADER, append_amqp, full_length};
use crate::amqp::refusal::Refusal;

/// What a peer takes before it has said so.
const MIN_MAX_FRAME_SIZE: usize = 512;

/// How many bytes may wait before no more messages are taken for this client.
const FULL: usize = 1 << 20;

/// The bytes that wait.
#[derive(Debug)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    /// How many of them are gone.
    sent: usize,
    max_frame_size: usize,
}

impl Outbox {
    pub(super) fn new() -> Self {
        Self { bytes: Vec::new(), sent: 0, max_frame_size: MIN_MAX_FRAME_SIZE }
    }

    /// Never makes frames larger than that from now on.
    pub(super) fn limit_frames(&mut self, max_frame_size: u32) {
        self.max_frame_size = usize::try_from(max_frame_size).unwrap_or(usize::MAX).max(MIN_MAX_FRAME_SIZE);
    }

    pub(super) fn send(&mut self, channel: u16, performative: &Performative) -> Result<(), Refusal> {
        append_amqp(&mut self.bytes, channel, &full_length(performative)?, &[]);
        Ok(())
    }

    pub(super) fn send_transfer(&mut self, channel: u16, transfer: Transfer, payload: &[u8]) -> Result<(), Refusal> {
        append_amqp(&mut self.bytes, channel, &full_length(&Performative::Transfer(transfer))?, payload);
        Ok(())
    }

    pub(super) fn heartbeat(&mut self) {
        append_amqp(&mut self.bytes, 0, &[], &[]);
    }

    /// Cuts a message into parts that go into a frame each, together with such a performative.
    pub(super) fn parts<'a>(
        &self,
        transfer: &Transfer,
        message: &'a [u8],
    ) -> Result<std::slice::Chunks<'a, u8>, Refusal> {
        let performative = full_length(&Performative::Transfer(transfer.clone()))?;
        let room = self.max_frame_size.saturating_sub(HEADER + performative.len());
        Ok(message.chunks(room.max(1)))
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() - self.sent > FULL
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.len() == self.sent
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }

    /// So many more are gone.
    pub(super) fn sent(&mut self, count: usize) {
        self.sent += count;
        // Moving the rest costs no more than sending what was before it.
        if self.is_empty() || self.sent > FULL {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
    }
}

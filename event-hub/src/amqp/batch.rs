//! Events that travel together: one AMQP message whose body has a data section for each.
//!
//! Source: the message format of a batch is not in Microsoft's documentation but in all of its SDKs, for instance
//! Azure/azure-sdk-for-net, `AmqpMessageConverter.cs`.

use fe2o3_amqp::link::delivery::Sendable;
use fe2o3_amqp_types::messaging::{Batch as Sections, Data, Message as AmqpMessage};

use super::encoding;
use crate::{
    error::SendError,
    messages::{Message, Messages},
    transport,
};

/// Marks a message whose data sections are events.
const FORMAT: u32 = 0x8001_3700;

/// What stands before the content of a data section: descriptor and length.
const SECTION_HEADER: usize = 8;

/// Events for one partition, as many as one message holds.
#[derive(Debug)]
pub(crate) struct Batch {
    events: Vec<Data>,
    /// In bytes, at most.
    size: usize,
    /// The largest message that the link takes, in bytes.
    max_size: usize,
}

impl Batch {
    pub(super) fn new(max_size: usize) -> Self {
        Self { events: Vec::new(), size: 0, max_size }
    }

    pub(super) fn into_sendable(self) -> Sendable<Sections<Data>> {
        let message = AmqpMessage::builder().body(Sections::new(self.events)).build();
        Sendable::builder().message(message).message_format(FORMAT).build()
    }
}

impl transport::Batch for Batch {
    fn try_add(&mut self, messages: &Messages, message: &Message) -> Result<bool, SendError> {
        let Some(event) = encoding::event(messages, message) else { return Ok(false) };
        let size = self.size + SECTION_HEADER + event.len();
        let fits = size <= self.max_size;
        if fits {
            self.events.push(Data::from(event));
            self.size = size;
        }
        Ok(fits)
    }

    fn len(&self) -> usize {
        self.events.len()
    }
}

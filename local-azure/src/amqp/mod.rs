//! What every service that speaks AMQP 1.0 needs, whatever it keeps: the listener and its connections, tokens and what
//! they grant, questions and answers, messages and their sections.

pub(crate) mod address;
pub(crate) mod cbs;
pub(crate) mod connections;
pub(crate) mod grants;
pub(crate) mod message;
pub(crate) mod misbehaviour;
pub(crate) mod pausable_server;
pub(crate) mod product;
pub(crate) mod refusal;
pub(crate) mod reply;
pub(crate) mod sas;
pub(crate) mod sections;
pub(crate) mod server;

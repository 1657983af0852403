//! The client at the other end of a connection.

use std::sync::Arc;

use super::service::Service;
use crate::amqp::grants::Grants;

/// What a link knows of the client that attached it.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) service: Arc<Service>,
    pub(super) grants: Arc<Grants>,
}

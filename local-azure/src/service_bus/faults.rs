//! Misbehaviour on demand: what tests switch on to see how a client copes.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::amqp::{
    connections::Connections,
    misbehaviour::{Reception, TokenAnswer},
};

/// The switches of a running endpoint. Each can be thrown at any time and from any thread.
#[derive(Debug)]
pub struct Faults {
    reception: Mutex<Reception>,
    tokens: Mutex<TokenAnswer>,
    connections: Arc<Connections>,
}

impl Faults {
    pub(super) fn new(connections: Arc<Connections>) -> Self {
        Self { reception: Mutex::default(), tokens: Mutex::default(), connections }
    }

    /// Ends all misbehaviour: from now on the service is well.
    pub fn heal(&self) {
        *self.reception.lock() = Reception::default();
        *self.tokens.lock() = TokenAnswer::default();
    }

    /// Receives connections in this way from now on. Those that are open stay as they are.
    pub fn receive_connections(&self, reception: Reception) {
        *self.reception.lock() = reception;
    }

    /// Cuts every connection now, with no farewell on any layer above TCP. New ones are welcome, and what was locked
    /// stays locked.
    pub fn cut_connections(&self) {
        self.connections.cut_all();
    }

    /// How tokens are answered from now on. What a connection was granted before stays granted.
    pub fn answer_tokens(&self, answer: TokenAnswer) {
        *self.tokens.lock() = answer;
    }

    /// Lets every token expire that was accepted so far. Links that send are closed when they are used next.
    pub fn expire_tokens(&self) {
        self.connections.expire_tokens();
    }

    pub(super) fn reception(&self) -> Reception {
        *self.reception.lock()
    }

    pub(super) fn token_answer(&self) -> TokenAnswer {
        self.tokens.lock().clone()
    }
}

//! An Event Hubs endpoint that speaks AMQP 1.0.

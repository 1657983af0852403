//! What a service says about itself before anything else.

use fe2o3_amqp_types::{
    definitions::Fields,
    primitives::{Symbol, Value},
};

/// What the service says about itself when a connection, a session or a link begins.
pub(crate) fn product() -> Fields {
    let mut fields = Fields::new();
    fields.insert(Symbol::from("product"), Value::String("local-azure".to_owned()));
    fields
}

/// The SASL mechanisms that leave authorisation to `$cbs`, as the service offers them. PLAIN is left out: it would have
/// to grant something.
pub(crate) const MECHANISMS: [&str; 3] = ["MSSBCBS", "ANONYMOUS", "EXTERNAL"];

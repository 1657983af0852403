//! Who serves.

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

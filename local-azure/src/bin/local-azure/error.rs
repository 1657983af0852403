//! What goes wrong: told to who has started the program, and to nobody else.

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

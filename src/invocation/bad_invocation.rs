//! Why a request body is not an invocation.

/// Why a request body is not an invocation. Answered 400; nothing of it was forwarded.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadInvocation {
    /// Not JSON, or an object without the object `Data`.
    #[error("The body is not an invocation of the Functions host: a JSON object with the member \"Data\", an object.")]
    NotAnEnvelope,
    /// Several members and none of them named `events`.
    #[error(
        "The invocation holds several bindings and none named \"events\": name the trigger so in function/function.json."
    )]
    NoBinding,
    /// The binding holds a number, a boolean, or text that is not JSON.
    #[error(
        "The binding holds neither an event nor an array of events: is its type \"eventGridTrigger\" in function/function.json?"
    )]
    NotEvents,
    /// Messages one at a time, as text: then the host lets members of a body overwrite the attributes of its message.
    #[error(
        "The messages come one at a time and as text, so that what a message says could replace its attributes: set \"cardinality\": \"many\" and \"dataType\": \"binary\" in the trigger's function.json."
    )]
    OneAsText,
    /// Not as many attributes as messages, or something that is no array.
    #[error(
        "The messages and their attributes can't be told: set \"cardinality\": \"many\" and \"dataType\": \"binary\" in the trigger's function.json."
    )]
    NotMessages,
}

//! Time-series records of what changed in Azure Digital Twins.
//!
//! Azure Digital Twins tells every change in a notification: an Event Grid event or a `CloudEvent` whose payload is a
//! JSON Patch, a whole twin, or a telemetry message. This library turns one notification into records, one for each
//! property that changed, in the names and meanings of the data history feature of Azure Digital Twins.
//!
//! ```
//! use twin_records::{Config, Converted, convert};
//!
//! let event = serde_json::from_str(
//!     r#"{
//!         "id": "b53976f9", "eventType": "Microsoft.DigitalTwins.Twin.Update", "subject": "GrindingStep",
//!         "eventTime": "2021-12-09T20:28:52.9795363Z",
//!         "data": { "data": { "modelId": "dtmi:example:grinding;1", "patch": [
//!             { "op": "replace", "path": "/Front/Temperature", "value": 204.10 },
//!             { "op": "remove", "path": "/Alarm" }
//!         ] } }
//!     }"#,
//! )?;
//! // What the event does not say itself: when it was received.
//! let Converted::Records(notification, records) = convert(event, &Config::default(), "2021-12-09T20:28:53.0Z")? else {
//!     panic!("an event of another service");
//! };
//! assert_eq!(notification.entity.twin_id(), "GrindingStep");
//!
//! let lines: Vec<_> = records.iter().map(|record| std::str::from_utf8(record.text)).collect::<Result<_, _>>()?;
//! assert_eq!(lines, [
//!     r#"{"TimeStamp":"2021-12-09T20:28:52.9795363Z","Id":"GrindingStep","ModelId":"dtmi:example:grinding;1","Key":"Front.Temperature","Value":204.10,"Action":"Update","EventId":"b53976f9#0"}"#,
//!     r#"{"TimeStamp":"2021-12-09T20:28:52.9795363Z","Id":"GrindingStep","ModelId":"dtmi:example:grinding;1","Key":"Alarm","Value":null,"Action":"Delete","EventId":"b53976f9#1"}"#,
//! ]);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! It is pure: no I/O, no clock, nothing asynchronous. Values are passed on as text, so that `204.10` stays `204.10`.
//!
//! # The flow
//!
//! ```text
//! text of an event -> Received -> Notification -> Change, … -> Records
//! ```
//!
//! Each module uses only modules below it:
//!
//! ```text
//! conversion                  all steps in one call
//! record                      the shapes that consumers see
//! record::writing             a notification in the format that was chosen
//! record::{data_history, time_series_insights}
//! record::context             what the records of a notification share
//! record::list                records, one after the other
//! record::time_stamp          times as text
//! event                       one event becomes one notification
//! event::received             read by the pass that finds its end
//! event::interpretation       what it means, by its type
//! event::envelope             what the schemas have in common
//! event::twin_update          the usual event
//! notification                what happened to which twin or relationship
//! bad_event                   why an event can't be recorded
//! flatten                     what changed, property by property
//! flatten::patch              a JSON Patch
//! flatten::flattening         values and operations become changes
//! flatten::operation          one operation, judged
//! flatten::path               where it changes the twin
//! flatten::source_times       when the source took a value
//! flatten::change             one property's change
//! flatten::problem            why something can't be flattened
//! flatten::key                a property's path as one text
//! config                      what can be chosen
//! json                        JSON text, kept as it came
//! json::reader                what is usual, in one pass
//! json::value                 values on one line
//! json::members               the members of an object
//! json::depth                 how deep it is nested
//! json::string                strings, many bytes at a time
//! ```

pub mod bad_event;
pub mod config;
pub mod conversion;
pub mod event;
pub mod flatten;
pub mod json;
pub mod notification;
pub mod record;

pub use bad_event::BadEvent;
pub use config::{Config, ObjectValues, RecordFormat};
pub use conversion::{Converted, convert};
pub use event::Received;
pub use notification::{Entity, Event, Notification, Occurrence};
pub use record::{Record, RecordKind, Records, time_stamp};

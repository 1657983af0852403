//! Azure Digital Twins tells what changed; twin-bridge turns it into history.
//!
//! A delivery of change notifications comes in from the Functions host, becomes one record for each property that
//! changed, and is answered when the event hub has accepted them all and what can't be recorded is kept. This crate is the
//! function; what it is made of stands in two libraries that know nothing of it: `twin_records` turns a notification into
//! records, and `event_hub_producer` takes records to the hub.
//!
//! ```text
//! server             -> webhook, or   -> bridge -> twin_records  -> event_hub_producer
//! POST /api/events      invocation       the       notification     accepted, or why not
//! POST /{function}      events as text   steps     into records  -> dead_letters
//! ```
//!
//! Each module uses only modules below it:
//!
//! ```text
//! cli                    the command line
//! cli::flatten             prints the records of notifications
//! cli::replay              sends dead letters again
//! cli::replay::files       those in files
//! cli::replay::store       those where they are kept
//! cli::replay::forwarding  for as long as it takes
//! cli::replay::dry_run     sends nothing
//! cli::input               events in a file
//! cli::arguments           what can be asked
//! settings               every app setting, read once
//! settings::dead_letters   those of the storage account
//! settings::source         those that the host reads
//! settings::sections       those of the other parts
//! settings::reader         looked up, and what is wrong with them
//! settings::names          what they are called
//! settings::environment    where they come from
//! server                 HTTP: deliveries in, answers out
//! failure                why a request is answered as failed
//! webhook                Event Grid's own request
//! invocation             what the host posts for all other triggers
//! invocation::event_grid   events in some wrapping
//! invocation::messages     messages of Event Hubs and Service Bus
//! invocation::envelope     what all have in common
//! invocation::cloud_event  a message, as the event that it is
//! invocation::bad_invocation
//! body                   a delivery on its way into memory
//! bridge                 the steps of the flow in their order
//! bridge::error            why a delivery failed
//! bridge::config           what it is told
//! dead_letters           where what can't be recorded is kept
//! dead_letters::store      written, listed, taken away
//! dead_letters::error      why not
//! dead_letters::container  of a storage account
//! dead_letters::client     HTTP with it
//! dead_letters::cause      of an error
//! dead_letters::identity   a token in place of a key
//! dead_letters::name       made of the event
//! dead_letters::config
//! dead_letters::account    connection strings and addresses
//! dead_letter            what can't be recorded, with the reason
//! stored_events          what needs not be stored again
//! delivery               what one request brings
//! telemetry              traces and metrics, where they are built in
//! telemetry::nothing       where they are not
//! telemetry::providers     where they go
//! telemetry::fault         what the log says of it
//! telemetry::observation   one delivery
//! telemetry::instruments   names, units and attributes
//! telemetry::contexts      trace contexts
//! telemetry::config        whether there is any
//! counts                 what became of events, in numbers
//! logging                one line an occurrence
//! ```

pub mod body;
pub mod bridge;
pub mod cli;
pub mod counts;
pub mod dead_letter;
pub mod dead_letters;
pub mod delivery;
pub mod failure;
pub mod invocation;
pub mod logging;
pub mod server;
pub mod settings;
pub mod stored_events;
pub mod telemetry;
pub mod webhook;

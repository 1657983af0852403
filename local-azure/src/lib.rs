//! The Azure around twin-bridge, for a laptop and for tests: stand-ins on loopback, never part of the deployed binary.
//!
//! Each module uses only modules below it:
//!
//! ```text
//! publisher                                             messages of one's own choosing
//!
//! digital_twins                                         Azure Digital Twins
//! digital_twins::{service, config}                      the instance
//! digital_twins::rest::{self, event_routes, models, relationships, twins, request, change, answer}
//!                                                       its API over HTTP
//! digital_twins::{graph, turns}                         changes, and what is told of them
//! digital_twins::{query, state, twin, update, relationship, models}
//!                                                       what is changed
//! digital_twins::{contents, interface, schema}          what models allow
//! digital_twins::{routes, filter::{self, parser, expression}, lexer}
//!                                                       who is told
//! digital_twins::{outlet, amqp_endpoint, sending, unsettled, link, message, snapshot, endpoint}
//!                                                       how it gets there
//! digital_twins::{notification, telemetry}              what is told
//! digital_twins::{patch, precondition, error, etag, faults, timestamp}
//!
//! event_grid                                            Event Grid: a topic and its subscriptions
//! event_grid::{publisher, topic}                        events come in
//! event_grid::{subscriber, counts, handshake}           each subscription on its own
//! event_grid::{delivery, dead_letter, retry}            events go out
//! event_grid::{queue, outcome, event}                   events wait
//! event_grid::{config, endpoint, schema, members}
//!
//! functions_host                                        the Functions host
//! functions_host::{webhook, delivery, invocation}       deliveries of Event Grid come in
//! functions_host::http_trigger                          requests come in
//! functions_host::listeners                             messages come in
//! functions_host::event_hub_trigger::{self, processor, load_balancer}
//!                                                       from an Event Hub: which partitions are ours
//! functions_host::event_hub_trigger::{partition_pump, checkpoint_store, source}
//!                                                       one of them is read
//! functions_host::event_hub_trigger::{dispatch, metadata, event}
//!                                                       and the function gets its events
//! functions_host::service_bus_trigger::{self, message_pump, metadata, message}
//!                                                       from a queue or subscription of Service Bus
//! functions_host::{invoker, retry_context, execution}   the function runs
//! functions_host::{message_data, envelope, outputs, answer}
//!                                                       what the handler gets, and what it gives back
//! functions_host::{handler, handler_process, handler_client, free_port}
//!                                                       the handler is started and asked
//! functions_host::{config, app, function_json, function, function_key, retry}
//! functions_host::{event_hub_trigger::options, service_bus_trigger::options, settings, timespan}
//!                                                       what is configured
//! functions_host::{progress, log}                       what is told
//! functions_host::{blob_metadata, blob, blob_path, shared_key}
//!                                                       blobs
//! functions_host::broker::{self, batch, message, value}  what messages hold
//! functions_host::newtonsoft::{self, reader, writer, invariant, number, moment, timestamp, token}
//!                                                       JSON as the host reads and writes it
//!
//! amqp_client                                           Event Hubs and Service Bus as clients reach them
//! amqp_client::{connection, connection_string, shared_access}
//!
//! event_hubs                                            Event Hubs
//! event_hubs::{control, endpoint}                       for programs that run it
//! event_hubs::{connection, link}                        what clients open
//! event_hubs::{request_response, management}            tokens, and what hubs there are
//! event_hubs::{ingest, consumer}                        events come in and go out
//! event_hubs::{client, service}                         what all links share
//! event_hubs::{faults, node}                            what goes wrong, and what addresses mean
//! event_hubs::{store, readers, partition, partition_key, event}  what hubs retain, and who reads it
//! event_hubs::{start_position, misbehaviour, config}
//!
//! service_bus                                           Service Bus
//! service_bus::{endpoint, connection, session}          what clients open
//! service_bus::{requests, management, answer}           tokens, and locks that are renewed
//! service_bus::{link, deliveries, outgoing, incoming}   messages go out and come in
//! service_bus::{outbox, frame}                          bytes
//! service_bus::{client, service, faults}                what all links share
//! service_bus::{store, queue, message, settlement}      what subscriptions hold
//! service_bus::{node, config}
//!
//! amqp                                                  what every service that speaks AMQP needs
//! amqp::{pausable_server, server, connections}          what clients open
//! amqp::{cbs, grants, sas}                              tokens, and who may do what
//! amqp::{reply, message, sections}                      questions, answers and messages
//! amqp::{refusal, misbehaviour, address, product}
//! ```

mod amqp;
mod amqp_client;
pub mod digital_twins;
pub mod event_grid;
pub mod event_hubs;
pub mod functions_host;
pub mod publisher;
pub mod service_bus;

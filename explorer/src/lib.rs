//! The page that draws the history of twins, as the explorer of Time Series Insights did, from the records in the hub.
//!
//! Each module uses only modules below it:
//!
//! ```text
//! explorer                          takes in what is read, and serves what is asked for
//! config                            what it is started with
//! admission                         who may ask
//! api                               the page asks, and is given curves, twins, records, a file
//! page                              what runs in the browser
//! overview, branch, export          where things stand, a part of the tree of twins, points as a file
//! query, problem                    a request taken apart, and what is said where that can't be done
//! curve::{self, aggregate, decimate, line, kind, window}
//!                                   a series as it is drawn
//! consumer                          events come out of the hub, as any consumer gets them
//! consumer::{link, hub, event, management, fault, trouble}
//!                                   a partition's, over a connection, and all that can go wrong
//! progress                          how far that has come
//! source                            which hub, as whom, from when on
//! store                             records are drawn, related and listed, unless they are repeats
//! oldest                            what goes when there is no more room
//! twin, series, points, points::block, point
//!                                   what is drawn of a twin
//! graph, lifecycle, raw_records, repeats
//!                                   what else is kept of records
//! record, value                     an event's body taken apart, and each record read, in either format
//! limits, counters, moment
//! ```
//!
//! # The API
//!
//! A series is `<twin>/<key>`, both percent-encoded (and then once more, as any value in a query is). A property of a
//! relationship is a series of its source twin, with `[<relationship id>] ` before the key. Times are milliseconds
//! since 1970 with fractions. What can't be understood is answered with 400 and a problem document.
//!
//! | request | answer |
//! | --- | --- |
//! | `GET /api/overview` | counters, the times of the oldest and newest point, the state of the connection to the hub, what to show first |
//! | `GET /api/live` | the same as server-sent events: at once, then when something has changed, at most twice a second |
//! | `GET /api/twins` | `?under=<twin>` or `?model=<id>` or `?search=<text>`, else those at the top; `&skip=`, `&limit=` (100): twins with their keys |
//! | `GET /api/models` | the models of the twins, and how many twins there are of each; an empty id for those whose model is not known |
//! | `GET /api/series` | `?series=…` (up to 50 times) `&from=&to=&width=` (pixels, 1000) `&interval=auto\|raw\|fit\|1s\|10m\|1h\|1d\|…`: see below |
//! | `GET /api/lifecycle` | `?twin=…` (any number) `&from=&to=&limit=` (500): when twins and their relationships began and ended, newest first |
//! | `GET /api/records` | `?series=…&twin=&before=<number>&limit=` (100): the newest records as they came, newest first |
//! | `GET /api/export` | `?series=…&from=&to=&format=ndjson\|csv`: every point in the window, as a file |
//!
//! A series in a window comes as its points if they are at most two for each pixel (`exact`), else, with `raw`, as the
//! first, lowest, highest and last point of each pixel, and with `auto` as averages over a length that suits the width.
//! `fit` averages whatever the number of points is. Averages are over the points, not over time, and have `min`, `max`,
//! `last` and `count` beside them. Texts, booleans and the like (`kind` is `text`) are never averaged, and whole numbers
//! of which there are few different ones (`step`) only over a length that the request names. `breaks` are the places
//! that no line leads to: after a removal, and after a pause more than five times as long as is usual for the series.
//! One neighbour on either side of the window comes with it.

mod admission;
mod api;
mod branch;
mod config;
mod consumer;
mod counters;
mod curve;
mod explorer;
mod export;
mod graph;
mod lifecycle;
mod limits;
mod moment;
mod oldest;
mod overview;
mod page;
mod point;
mod points;
mod problem;
mod progress;
mod query;
mod raw_records;
mod record;
mod repeats;
mod series;
mod source;
mod store;
mod twin;
mod value;

pub use admission::Admission;
pub use config::Config;
pub use counters::Counters;
pub use explorer::{Error, Explorer};
pub use limits::Limits;
pub use source::{DEFAULT_CONSUMER_GROUP, Source};

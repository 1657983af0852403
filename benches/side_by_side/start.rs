//! From exec to the first answer and to the first record, as often as it takes for a median; memory when idle; size.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use serde::Serialize;

use crate::{
    connection::Connection,
    contender::{Contender, Running},
    delivery::Template,
    hub::Hub,
    matrix,
    options::Options,
    process,
};

/// How long a contender rests before its idle memory is read.
const REST: Duration = Duration::from_secs(2);
/// How long the first record may take.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Debug, Serialize)]
pub struct Start {
    pub contender: String,
    pub starts: usize,
    /// Medians, in milliseconds.
    pub first_answer: f64,
    /// From exec until a delivery of one event was answered with success, so that the hub had accepted its records.
    pub first_record: f64,
    /// Two seconds after that, in bytes.
    pub idle_memory: u64,
    /// Of what is deployed beside the language's runtime, in bytes.
    pub size: u64,
}

/// Starts a contender again and again.
pub fn measure(contender: &Contender, options: &Options) -> Start {
    let hub = Hub::start();
    let template = Template::new(matrix::SINGLE.shape);
    let (mut answers, mut records) = (Vec::new(), Vec::new());
    let mut last = None;
    for number in 0..options.starts() {
        // Not two at once.
        drop(last.take());
        let running = Running::start(*contender, &hub.connection_string);
        answers.push(running.first_answer);
        records.push(first_record(&running, &template, number as u64));
        last = Some(running);
    }
    if !options.smallest {
        sleep(REST);
    }
    let start = Start {
        contender: contender.name(),
        starts: options.starts(),
        first_answer: median(answers),
        first_record: median(records),
        idle_memory: last.map_or(0, |running| process::resident_memory(running.pid())),
        size: contender.size(),
    };
    println!("{start:?}");
    start
}

fn first_record(running: &Running, template: &Template, number: u64) -> Duration {
    let mut request = Vec::new();
    template.stamp(number, &mut request);
    let asked = Instant::now();
    let mut connection = Connection::open(running.address).unwrap();
    // One that is not connected yet may say so; Event Grid would come again.
    while connection.exchange(&request).unwrap() != 200 {
        assert!(asked.elapsed() < PATIENCE, "no record is accepted; see target/bench/logs");
    }
    running.exec.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}

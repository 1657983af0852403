//! From exec to the first answer and to the first record, as often as it takes for a median; memory when idle; size.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use serde::Serialize;

use crate::{
    connection::Connection, contender::Contender, delivery::Template, hub::Hub, matrix, options::Options, process,
    running::Running, spread::Spread,
};

/// How long a contender rests before its idle memory is read.
const REST: Duration = Duration::from_secs(2);
/// How long the first record may take.
const TIMEOUT: Duration = Duration::from_secs(60);

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

/// Starts contenders again and again, in turn and never two at once.
pub fn measure(contenders: &[Contender], options: &Options) -> Vec<Start> {
    let hub = Hub::start();
    let template = Template::new(matrix::SINGLE.way, matrix::SINGLE.shape);
    let mut times = vec![(Vec::new(), Vec::new()); contenders.len()];
    for number in 0..options.starts() {
        for (contender, (answers, records)) in contenders.iter().zip(&mut times) {
            let running = contender.start(&hub.connection_string);
            answers.push(milliseconds(running.first_answer));
            records.push(milliseconds(first_record(&running, &template, number.into())));
        }
    }
    let starts = contenders.iter().zip(times).map(|(contender, (answers, records))| Start {
        contender: contender.name(),
        starts: answers.len(),
        first_answer: Spread::of(answers).median,
        first_record: Spread::of(records).median,
        idle_memory: idle_memory(contender, &hub, &template, options),
        size: contender.size(),
    });
    starts.inspect(|start| println!("{start:?}")).collect()
}

fn idle_memory(contender: &Contender, hub: &Hub, template: &Template, options: &Options) -> u64 {
    let running = contender.start(&hub.connection_string);
    first_record(&running, template, 0);
    if !options.smallest {
        sleep(REST);
    }
    process::resident_memory(running.pid())
}

fn first_record(running: &Running, template: &Template, number: u64) -> Duration {
    let mut request = Vec::new();
    template.stamp(number, &mut request);
    let asked = Instant::now();
    let mut connection = Connection::open(running.address).unwrap();
    // One that is not connected yet may say so; Event Grid would come again.
    while connection.exchange(&request).unwrap() != 200 {
        assert!(asked.elapsed() < TIMEOUT, "no record is accepted; see target/bench/logs");
    }
    running.exec.elapsed()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

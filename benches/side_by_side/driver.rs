//! The load: deliveries as fast as they are answered, or on a schedule. Each connection has a thread, which sleeps
//! until the system wakes it; that is more exact than the timers of an asynchronous runtime.

use std::{
    net::SocketAddr,
    sync::{
        Barrier, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;

use crate::{connection::Connection, delivery::Template, matrix::Load};

/// Connections for deliveries on a schedule: many more than are under way when the handler keeps up.
const CONNECTIONS: usize = 128;

/// What came of a load.
pub struct Run {
    /// Answered with success.
    pub deliveries: u64,
    /// Answered otherwise, or not at all.
    pub failures: u64,
    /// From the first to the last.
    pub took: Duration,
    /// Microseconds from when a delivery was to be sent until it was answered.
    pub latency: Histogram<u64>,
}

/// Posts deliveries for so long, and waits for all answers. `numbers` counts events, so that none comes twice.
pub fn run(address: SocketAddr, template: &Template, numbers: &AtomicU64, load: Load, length: Duration) -> Run {
    let workers = match load {
        Load::AtATime(number) => number,
        Load::PerSecond(_) => CONNECTIONS,
    };
    let connections: Vec<_> = (0..workers).filter_map(|_| Connection::open(address).ok()).collect();
    let refused = (workers - connections.len()) as u64;
    // From when all threads are there, however long that takes.
    let ready = Barrier::new(connections.len());
    let started = OnceLock::new();
    let start = || {
        ready.wait();
        *started.get_or_init(Instant::now)
    };
    let arrivals = AtomicU64::new(0);
    let worker = |connection| {
        let started = start();
        match load {
            Load::AtATime(_) => work(address, connection, template, numbers, || {
                let now = Instant::now();
                (now < started + length).then_some(now)
            }),
            Load::PerSecond(rate) => work(address, connection, template, numbers, || {
                let number = arrivals.fetch_add(1, Ordering::Relaxed);
                let due = Duration::from_secs_f64(number as f64 / rate as f64);
                // A handler that does not keep up is not waited for longer than twice the time.
                if due >= length || Instant::now() > started + 2 * length {
                    return None;
                }
                let due = started + due;
                thread::sleep(due.saturating_duration_since(Instant::now()));
                Some(due)
            }),
        }
    };
    let mut run = Run { deliveries: 0, failures: refused, took: Duration::ZERO, latency: histogram() };
    thread::scope(|scope| {
        let workers: Vec<_> = connections.into_iter().map(|it| scope.spawn(|| worker(it))).collect();
        for worker in workers {
            let (deliveries, failures, latency) = worker.join().unwrap();
            run.deliveries += deliveries;
            run.failures += failures;
            run.latency.add(latency).unwrap();
        }
    });
    run.took = started.get().map_or(length, Instant::elapsed);
    run
}

/// Sends a delivery whenever the next one is due, until none is.
fn work(
    address: SocketAddr,
    mut connection: Connection,
    template: &Template,
    numbers: &AtomicU64,
    next: impl Fn() -> Option<Instant>,
) -> (u64, u64, Histogram<u64>) {
    let mut request = Vec::new();
    let (mut deliveries, mut failures, mut latency) = (0, 0, histogram());
    while let Some(due) = next() {
        template.stamp(numbers.fetch_add(template.events(), Ordering::Relaxed), &mut request);
        match connection.exchange(&request) {
            Ok(200) => {
                deliveries += 1;
                latency.record(due.elapsed().as_micros() as u64).unwrap();
            }
            Ok(_) => failures += 1,
            Err(_) => {
                failures += 1;
                match Connection::open(address) {
                    Ok(again) => connection = again,
                    Err(_) => break,
                }
            }
        }
    }
    (deliveries, failures, latency)
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 600_000_000, 3).unwrap()
}

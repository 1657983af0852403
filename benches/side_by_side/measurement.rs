//! What a contender did in one span of time, how fast, and what that cost whom.

use std::{fmt, time::Duration};

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::{
    delivery::Template,
    driver,
    hub::Hub,
    matrix::{Load, Work},
    process,
    session::Session,
    spread::Spread,
};

/// From this share on a core has nothing left.
const SATURATED: f64 = 0.95;

#[derive(Clone, Debug, Serialize)]
pub struct Measurement {
    pub seconds: f64,
    pub deliveries: u64,
    /// Deliveries not answered with success, or that the hub did not get whole.
    pub failures: u64,
    /// Of what the schedule asked for, the share that was delivered; 1 where there is none.
    pub kept_up: f64,
    pub deliveries_per_second: f64,
    /// Accepted by the hub. For the floor, those that the deliveries held.
    pub records_per_second: f64,
    pub latency: Latency,
    /// User and system time of the contender.
    pub cpu_seconds_per_million_records: f64,
    pub cpu_microseconds_per_event: f64,
    /// The most memory during the measurement, in bytes.
    pub peak_memory: u64,
    /// Processor time by time, of each part.
    pub contender_load: f64,
    pub hub_load: f64,
    pub driver_load: f64,
}

/// Milliseconds from when a delivery was to be sent until it was answered, the hub's delay among them.
#[derive(Clone, Debug, Serialize)]
pub struct Latency {
    pub p50: f64,
    pub p99: f64,
    pub p999: f64,
    pub maximum: f64,
}

impl Latency {
    fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1e3;
        Self { p50: at(0.5), p99: at(0.99), p999: at(0.999), maximum: histogram.max() as f64 / 1e3 }
    }
}

/// Measures a session that has been warmed up.
pub fn measure(session: &Session, hub: &mut Hub, work: Work, template: &Template, length: Duration) -> Measurement {
    let pids = [session.running.pid(), hub.pid(), std::process::id()];
    let own =
        |pid: u32| if pid == std::process::id() { process::own_processor_time() } else { process::processor_time(pid) };
    let (before, accepted) = (pids.map(own), hub.accepted());
    let run = driver::run(session.running.address, template, &session.numbers, work.load, length);
    let (after, accepted) = (pids.map(own), hub.accepted() - accepted);

    let seconds = run.took.as_secs_f64();
    let [contender, hub, driver] = std::array::from_fn(|part| after[part].saturating_sub(before[part]).as_secs_f64());
    let shape = work.shape;
    let (events, records) = (run.deliveries * shape.events as u64, run.deliveries * shape.records() as u64);
    let expected = run.deliveries * session.contender.hub_events(shape.events, shape.records()) as u64;
    let lost = u64::from(run.failures == 0 && accepted != expected);
    if lost > 0 {
        println!("  the hub accepted {accepted} events where {expected} were expected");
    }
    Measurement {
        seconds,
        deliveries: run.deliveries,
        failures: run.failures + lost,
        kept_up: match work.load {
            Load::AtATime(_) => 1.0,
            Load::PerSecond(rate) => run.deliveries as f64 / (rate as f64 * length.as_secs_f64()).ceil(),
        },
        deliveries_per_second: run.deliveries as f64 / seconds,
        records_per_second: records as f64 / seconds,
        latency: Latency::of(&run.latency),
        cpu_seconds_per_million_records: contender / records.max(1) as f64 * 1e6,
        cpu_microseconds_per_event: contender / events.max(1) as f64 * 1e6,
        peak_memory: process::peak_memory(session.running.pid()),
        contender_load: contender / seconds,
        hub_load: hub / seconds,
        driver_load: driver / seconds,
    }
}

impl Measurement {
    /// The median of each figure; failures are added up.
    pub fn median(rounds: &[Self]) -> Self {
        let median = |figure: fn(&Self) -> f64| Spread::of(rounds.iter().map(figure)).median;
        Self {
            seconds: median(|it| it.seconds),
            deliveries: median(|it| it.deliveries as f64) as u64,
            failures: rounds.iter().map(|it| it.failures).sum(),
            kept_up: median(|it| it.kept_up),
            deliveries_per_second: median(|it| it.deliveries_per_second),
            records_per_second: median(|it| it.records_per_second),
            latency: Latency {
                p50: median(|it| it.latency.p50),
                p99: median(|it| it.latency.p99),
                p999: median(|it| it.latency.p999),
                maximum: median(|it| it.latency.maximum),
            },
            cpu_seconds_per_million_records: median(|it| it.cpu_seconds_per_million_records),
            cpu_microseconds_per_event: median(|it| it.cpu_microseconds_per_event),
            peak_memory: median(|it| it.peak_memory as f64) as u64,
            contender_load: median(|it| it.contender_load),
            hub_load: median(|it| it.hub_load),
            driver_load: median(|it| it.driver_load),
        }
    }

    /// Who stood in the way, where it was not the contender.
    pub fn held_back_by(&self) -> Option<&'static str> {
        if self.contender_load >= SATURATED {
            None
        } else if process::hub_shares_core() {
            (self.hub_load + self.driver_load >= SATURATED).then_some("the core of the hub and the driver")
        } else if self.hub_load >= SATURATED {
            Some("the hub")
        } else {
            (self.driver_load >= SATURATED).then_some("the driver")
        }
    }
}

impl fmt::Display for Measurement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:.0} records/s, p50 {:.2} p99 {:.2} p99.9 {:.2} ms, {:.1} CPU s per million records, {:.0} MiB; \
             loads {:.2} {:.2} {:.2}",
            self.records_per_second,
            self.latency.p50,
            self.latency.p99,
            self.latency.p999,
            self.cpu_seconds_per_million_records,
            self.peak_memory as f64 / 1_048_576.0,
            self.contender_load,
            self.hub_load,
            self.driver_load,
        )?;
        if self.failures > 0 {
            write!(formatter, "; {} FAILED", self.failures)?;
        }
        if self.kept_up < 0.99 {
            write!(formatter, "; kept up with {:.0} %", self.kept_up * 100.0)?;
        }
        Ok(())
    }
}

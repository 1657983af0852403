//! Events through the bridge, for as long as it takes, and what an operator sees of it.

use event_hub_producer::SendError;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::value::RawValue;
use tokio::time::Instant;
use twin_records::Received;

use crate::{
    bridge::{Bridge, Forwarded},
    counts::Counts,
    telemetry::Observation,
};

/// Events that go to the hub together.
pub(super) const TOGETHER: usize = 200;

/// The exit code of what could not go on.
pub(super) const STOPPED: u8 = 1;

/// Takes events to the hub, and does not give up while trying again may help.
pub(super) async fn forward<'a>(
    bridge: &Bridge,
    events: &[&'a RawValue],
    received_at: &'a str,
    progress: &ProgressBar,
) -> Result<Forwarded<'a>, SendError> {
    loop {
        let deadline = Instant::now() + bridge.delivery_timeout();
        let mut memory = bridge.memory().reserve(events.iter().map(|event| event.get().len()).sum()).await;
        let events = events.iter().copied().map(Received::of).collect();
        match bridge.forward(events, &[], received_at, &mut memory, deadline, &mut Observation::default()).await {
            Err(error) if error.is_passing() => progress.suspend(|| eprintln!("warning: {error} Trying again.")),
            result => return result,
        }
    }
}

/// What was done, or would be, in one line.
pub(super) fn summary(forwarded: &str, counts: &Counts) -> String {
    let Counts { events, records, ignored, set_aside: bad, .. } = *counts;
    let good = events - ignored - bad;
    format!("{forwarded} {good} (records {records}), still bad {bad}, ignored {ignored}")
}

/// Shown on a terminal only.
pub(super) fn progress_bar(length: usize, unit: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(&format!("{{bar:40}} {{pos}}/{{len}} {unit}, {{per_sec}}, {{eta}} to go"));
    ProgressBar::new(length as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

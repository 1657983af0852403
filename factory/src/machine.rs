//! The machine behind a step's twin: what it reports when its turn comes.

use std::sync::Arc;

use fastrand::Rng;
use serde_json::{Value, json};

use crate::{change::Change, curve::Curve, step::Step};

/// As many operations as a patch may have.
const MOST: usize = 5;

/// Positions of the temperature at which the alarm is raised, and below which it is cleared.
const TOO_HOT: f64 = 0.7;
const COOL_AGAIN: f64 = 0.5;

// The model's OperationStatus.
const OFFLINE: u8 = 1;
const ONLINE: u8 = 2;

#[derive(Debug, Clone)]
pub(crate) struct Machine {
    twin: Arc<str>,
    step: Step,
    /// One for each reading of the step.
    curves: Vec<Curve>,
    alarm: bool,
    /// Turns until it is online again.
    offline: u32,
}

impl Machine {
    pub(crate) fn new(twin: Arc<str>, step: Step, random: &mut Rng) -> Self {
        let curves = step.readings().iter().map(|_| Curve::new(random)).collect();
        Self { twin, step, curves, alarm: false, offline: 0 }
    }

    /// What it reports at `now`.
    pub(crate) fn report(&mut self, random: &mut Rng, now: &str) -> Change {
        let twin = Arc::clone(&self.twin);
        if self.step == Step::Grinding && self.offline == 0 && random.u8(..16) == 0 {
            let size = 15.0 + (random.f64() * 150.0).round() / 10.0;
            return Change::Telemetry { twin, message: json!({"ParticleSize": size}) };
        }
        Change::Patch { twin, patch: Value::Array(self.patch(random, now)) }
    }

    /// The temperature, and what follows from it; then, of a machine that is online, some of its other readings.
    fn patch(&mut self, random: &mut Rng, now: &str) -> Vec<Value> {
        let positions: Vec<_> = self.curves.iter_mut().map(|curve| curve.advance(random)).collect();
        let mut readings = self.step.readings().iter().zip(positions);
        // The lab's function always adds, which is the same where there is a value.
        let op = if random.u8(..4) == 0 { "replace" } else { "add" };
        let mut patch = Vec::with_capacity(MOST);
        let mut last = None;
        if let Some((temperature, position)) = readings.next() {
            patch.push(json!({"op": op, "path": temperature.path, "value": temperature.at(position)}));
            patch.extend(self.alarm(position));
            last = Some(temperature);
        }
        patch.extend(self.status(random));
        if self.offline == 0 {
            for (reading, position) in readings.filter(|_| random.u8(..4) > 0) {
                if patch.len() < MOST {
                    patch.push(json!({"op": op, "path": reading.path, "value": reading.at(position)}));
                    last = Some(reading);
                }
            }
        }
        if let Some(reading) = last.filter(|_| patch.len() < MOST && random.u8(..8) == 0) {
            patch.push(json!({"op": "add", "path": reading.source_time(), "value": now}));
        }
        patch
    }

    /// Raises or clears the alarm. Between the two positions it stays as it is.
    fn alarm(&mut self, temperature: f64) -> Option<Value> {
        if !self.alarm && temperature > TOO_HOT {
            self.alarm = true;
            Some(json!({"op": "add", "path": "/Alarm", "value": "The chassis is too hot."}))
        } else if self.alarm && temperature < COOL_AGAIN {
            self.alarm = false;
            Some(json!({"op": "remove", "path": "/Alarm"}))
        } else {
            None
        }
    }

    /// Goes offline now and then, for 5 to 15 turns.
    fn status(&mut self, random: &mut Rng) -> Option<Value> {
        let status = match self.offline {
            0 if random.u8(..60) == 0 => {
                self.offline = random.u32(5..=15);
                OFFLINE
            }
            0 => return None,
            1 => {
                self.offline = 0;
                ONLINE
            }
            _ => {
                self.offline -= 1;
                return None;
            }
        };
        Some(json!({"op": "replace", "path": "/OperationStatus", "value": status}))
    }
}

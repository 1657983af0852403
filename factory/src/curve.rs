//! The course of a reading over time: two waves, a slow wander and a little noise.

use std::f64::consts::TAU;

use fastrand::Rng;

/// An endless curve between -1 and 1. No two are alike.
#[derive(Debug, Clone)]
pub(crate) struct Curve {
    /// Radians.
    angle: f64,
    pace: f64,
    phase: f64,
    wander: f64,
}

impl Curve {
    /// A curve with waves of 40 to 120 turns: one to four minutes, at a turn every two seconds.
    pub(crate) fn new(random: &mut Rng) -> Self {
        let pace = TAU / (40.0 + 80.0 * random.f64());
        Self { angle: TAU * random.f64(), pace, phase: TAU * random.f64(), wander: 0.0 }
    }

    /// The position after one more turn.
    pub(crate) fn advance(&mut self, random: &mut Rng) -> f64 {
        let mut noise = || 2.0 * random.f64() - 1.0;
        self.angle += self.pace;
        self.wander = 0.9 * self.wander + 0.1 * noise();
        let waves = 0.6 * self.angle.sin() + 0.25 * (2.7 * self.angle + self.phase).sin();
        (waves + self.wander + 0.04 * noise()).clamp(-1.0, 1.0)
    }
}

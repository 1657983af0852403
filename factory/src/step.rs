//! The kinds of production step, and the readings that each kind has.

use serde_json::Value;

/// A kind of production step, in the order in which chocolate is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Fanning,
    Grinding,
    Moulding,
}

/// A property that a step reports, and the range of its values, both ends included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    /// Where a patch finds it in the twin: a JSON Pointer.
    pub path: &'static str,
    low: f64,
    high: f64,
    /// Whether its values are integers.
    whole: bool,
}

// The ranges of the lab's simulator, HandsOnLab/SimulatedClient/Sensor.js.
const CHASIS_TEMPERATURE: Reading = reading("/ChasisTemperature", 200.0, 210.0);
const POWER_USAGE: Reading = reading("/PowerUsage", 60.0, 80.0);
const FAN_SPEED: Reading = reading("/FanSpeed", 10.0, 14.0);
const ROASTING_TIME: Reading = whole("/RoastingTime", 30.0, 129.0);
const FORCE: Reading = reading("/Force", 300.0, 310.0);
const VIBRATION: Reading = whole("/Vibration", 80.0, 159.0);
// Ours.
const GRINDING_TIME: Reading = whole("/GrindingTime", 20.0, 40.0);
const AIR_TEMPERATURE: Reading = reading("/CoolingTunnel/AirTemperature", 46.0, 54.0);
const BELT_SPEED: Reading = reading("/CoolingTunnel/BeltSpeed", 0.05, 0.15);

impl Step {
    pub(crate) const ALL: [Self; 3] = [Self::Fanning, Self::Grinding, Self::Moulding];

    /// The id of the lab's twin, with which all ids of the kind begin.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fanning => "FanningStep",
            Self::Grinding => "GrindingStep",
            Self::Moulding => "MouldingStep",
        }
    }

    /// The end of its model's id.
    pub(crate) fn model(self) -> &'static str {
        match self {
            Self::Fanning => "production_step_fanning;2",
            Self::Grinding => "production_step_grinding;1",
            Self::Moulding => "production_step_moulding;1",
        }
    }

    /// What it reports. The first is always the temperature, on which the alarm hangs.
    pub(crate) fn readings(self) -> &'static [Reading] {
        match self {
            Self::Fanning => &[CHASIS_TEMPERATURE, FAN_SPEED, POWER_USAGE, ROASTING_TIME],
            Self::Grinding => &[CHASIS_TEMPERATURE, FORCE, VIBRATION, POWER_USAGE, GRINDING_TIME],
            Self::Moulding => &[CHASIS_TEMPERATURE, POWER_USAGE, AIR_TEMPERATURE, BELT_SPEED],
        }
    }
}

impl Reading {
    /// The value at `position` of the range, from -1 (low) to 1 (high).
    pub(crate) fn at(&self, position: f64) -> Value {
        let value = f64::midpoint(self.low, self.high) + position * (self.high - self.low) / 2.0;
        if self.whole { integer(value) } else { Value::from((value * 1e4).round() / 1e4) }
    }

    /// Where a patch finds the time at which the value was read.
    pub(crate) fn source_time(&self) -> String {
        let (owner, name) = self.owner_and_name();
        format!("{owner}/$metadata/{name}/sourceTime")
    }

    /// The JSON Pointer to the twin or component that has the property, and its name.
    pub(crate) fn owner_and_name(&self) -> (&'static str, &'static str) {
        self.path.rsplit_once('/').unwrap_or_default()
    }
}

const fn reading(path: &'static str, low: f64, high: f64) -> Reading {
    Reading { path, low, high, whole: false }
}

const fn whole(path: &'static str, low: f64, high: f64) -> Reading {
    Reading { path, low, high, whole: true }
}

#[allow(clippy::cast_possible_truncation, reason = "no range goes beyond a few hundred")]
fn integer(value: f64) -> Value {
    Value::from(value.round() as i64)
}

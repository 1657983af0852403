//! Whether a series is a curve, a curve of steps, or a row of states. Its newest values tell.

use serde::Serialize;

use crate::{series::Series, value::Value};

/// How many of the newest points are looked at.
const LOOKED_AT: usize = 1_000;

/// Up to how many different whole numbers make an enumeration, a switch or a set point, rather than a measured quantity.
const FEW: usize = 8;

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// A curve from value to value.
    Number,
    /// A curve that holds each value until the next.
    Step,
    /// A row of states, each until the next.
    Text,
}

impl Kind {
    /// Goes by what most of the newest values are, so that one that sticks out does not hide the others.
    pub(super) fn of(series: &Series) -> Self {
        let points = series.points();
        let (mut numbers, mut others) = (0_usize, 0_usize);
        let mut different: Vec<f64> = Vec::new();
        let mut are_few = true;
        for place in points.len().saturating_sub(LOOKED_AT)..points.len() {
            let Some(point) = points.get(place) else { continue };
            let Some(number) = point.value.number() else {
                others += usize::from(point.value != Value::Removed);
                continue;
            };
            numbers += 1;
            if are_few && !different.contains(&number) {
                different.push(number);
                are_few = number.fract() == 0.0 && different.len() <= FEW;
            }
        }
        if others > numbers {
            Self::Text
        } else if numbers > 0 && are_few {
            Self::Step
        } else {
            Self::Number
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::Point;

    fn kind(values: &[&str]) -> Kind {
        let mut series = Series::default();
        for (time, value) in (0..).zip(values) {
            series.insert(Point { time, value: Value::read(value).0, note: None });
        }
        Kind::of(&series)
    }

    #[test]
    fn measured_quantities_are_curves() {
        assert_eq!(kind(&["1.5", "2", "2"]), Kind::Number);
        assert_eq!(kind(&["1", "2", "3", "4", "5", "6", "7", "8", "9"]), Kind::Number);
        assert_eq!(kind(&["1.5", "null", r#""broken""#, "2"]), Kind::Number);
        assert_eq!(kind(&[]), Kind::Number);
    }

    #[test]
    fn few_whole_numbers_are_steps() {
        assert_eq!(kind(&["0", "1", "2", "1", "null", "0"]), Kind::Step);
        assert_eq!(kind(&["90"]), Kind::Step);
    }

    #[test]
    fn what_is_no_number_is_a_state() {
        assert_eq!(kind(&["true", "false"]), Kind::Text);
        assert_eq!(kind(&[r#""Running""#, r#""Idle""#, "7"]), Kind::Text, "one number among states is a state too");
        assert_eq!(kind(&["null", r#"{"a":1}"#]), Kind::Text);
    }
}

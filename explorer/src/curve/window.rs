//! What part of a series is to be drawn, how wide, and over which intervals it is averaged.

use crate::moment::{Nanoseconds, SECOND};

/// Lengths that people think in.
const NICE: [Nanoseconds; 17] = [
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    60 * SECOND,
    120 * SECOND,
    300 * SECOND,
    600 * SECOND,
    900 * SECOND,
    1_800 * SECOND,
    3_600 * SECOND,
    7_200 * SECOND,
    21_600 * SECOND,
    43_200 * SECOND,
    86_400 * SECOND,
];

/// An interval takes at least this many pixels where its length is chosen.
const PIXELS: usize = 4;

/// What to draw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) from: Nanoseconds,
    pub(crate) to: Nanoseconds,
    /// How many pixels there are for it.
    pub(crate) width: usize,
    pub(crate) interval: Interval,
}

/// Over what to average.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interval {
    /// Not at all while the points fit, else over a length that suits the width.
    Auto,
    /// Not at all.
    Raw,
    /// Over a length that suits the width, however few the points are.
    Fit,
    /// Over this length, or a longer one if there would be far more intervals than pixels.
    Fixed(Nanoseconds),
}

impl Interval {
    /// The length to average over; `None` for none.
    pub(super) fn length(self, window: &Window, points: usize) -> Option<Nanoseconds> {
        let span = window.to.saturating_sub(window.from).max(1);
        let least = |intervals: usize| span / Nanoseconds::try_from(intervals.max(1)).unwrap_or(1);
        let nice = |least: Nanoseconds| NICE.into_iter().find(|length| *length >= least).unwrap_or(least);
        match self {
            Self::Auto if points > window.most_points() => Some(nice(least(window.width / PIXELS))),
            Self::Fit => Some(nice(least(window.width / PIXELS))),
            Self::Auto | Self::Raw => None,
            Self::Fixed(length) if least(window.most_points()) > length => Some(nice(least(window.most_points()))),
            Self::Fixed(length) => Some(length),
        }
    }
}

impl Window {
    /// Up to how many points are drawn as they are.
    pub(super) fn most_points(&self) -> usize {
        2 * self.width
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_chosen_that_suits_the_width() {
        let window = Window { from: 0, to: 3_600 * SECOND, width: 1_000, interval: Interval::Auto };
        assert_eq!(Interval::Auto.length(&window, 2_000), None);
        assert_eq!(Interval::Auto.length(&window, 2_001), Some(15 * SECOND));
        assert_eq!(Interval::Fit.length(&window, 3), Some(15 * SECOND));
        assert_eq!(Interval::Raw.length(&window, 1_000_000), None);
        assert_eq!(Interval::Fixed(10 * SECOND).length(&window, 1), Some(10 * SECOND));
        assert_eq!(Interval::Fixed(SECOND).length(&window, 1), Some(2 * SECOND), "no more than two for each pixel");
    }
}

//! Fewer points that look the same: of each pixel the first, the lowest, the highest and the last, and one that is no
//! number. All of them are points as they were recorded.

use std::ops::Range;

use super::window::Window;
use crate::{moment::Nanoseconds, series::Series};

/// What is kept of one pixel.
#[derive(Clone, Copy)]
struct Pixel {
    number: i64,
    first: usize,
    last: usize,
    lowest: Option<(f64, usize)>,
    highest: Option<(f64, usize)>,
    other: Option<usize>,
}

/// The places that are left of `places`, at most five for each pixel, in their order.
pub(super) fn decimate(series: &Series, places: Range<usize>, window: &Window) -> Vec<usize> {
    let width = Nanoseconds::try_from(window.width).unwrap_or(1);
    let per_pixel = (window.to.saturating_sub(window.from) / width).max(1);
    let number_of = |time: Nanoseconds| time.saturating_sub(window.from).div_euclid(per_pixel);
    let mut kept = Vec::new();
    let mut pixel: Option<Pixel> = None;
    for slice in series.points().slices(places) {
        let (block, offset) = (slice.block, slice.offset);
        let mut look_at = |place: usize, number| {
            let Some((_, value)) = block.time_and_number(place) else { return };
            let place = offset + place;
            let at = match &mut pixel {
                Some(pixel) if pixel.number == number => pixel,
                full => {
                    keep(full.take(), &mut kept);
                    full.insert(Pixel { number, first: place, last: place, lowest: None, highest: None, other: None })
                }
            };
            at.look_at(place, value);
        };
        let number = number_of(block.first_time());
        if slice.is_whole() && number == number_of(block.last_time()) {
            // Whatever sticks out of the block, in the order of the places.
            let summary = block.summary();
            let mut outermost =
                [Some(0), Some(summary.lowest), Some(summary.highest), summary.first_other, block.len().checked_sub(1)];
            outermost.sort_unstable();
            outermost.into_iter().flatten().for_each(|place| look_at(place, number));
            continue;
        }
        let mut current = (number, Nanoseconds::MIN, Nanoseconds::MIN);
        for place in slice.range {
            let Some((time, _)) = block.time_and_number(place) else { continue };
            // Dividing is what takes most of the time.
            if !(current.1..current.2).contains(&time) {
                let number = number_of(time);
                let start = window.from.saturating_add(number.saturating_mul(per_pixel));
                current = (number, start, start.saturating_add(per_pixel));
            }
            look_at(place, current.0);
        }
    }
    keep(pixel, &mut kept);
    kept
}

impl Pixel {
    fn look_at(&mut self, place: usize, value: Option<f64>) {
        self.last = place;
        let Some(value) = value else {
            self.other = self.other.or(Some(place));
            return;
        };
        if self.lowest.is_none_or(|(lowest, _)| value < lowest) {
            self.lowest = Some((value, place));
        }
        if self.highest.is_none_or(|(highest, _)| value > highest) {
            self.highest = Some((value, place));
        }
    }
}

fn keep(pixel: Option<Pixel>, kept: &mut Vec<usize>) {
    let Some(Pixel { first, last, lowest, highest, other, .. }) = pixel else { return };
    let mut places = [Some(first), lowest.map(|at| at.1), highest.map(|at| at.1), other, Some(last)];
    places.sort_unstable();
    for place in places.into_iter().flatten() {
        if kept.last() != Some(&place) {
            kept.push(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{curve::Interval, moment::SECOND, series::Point, value::Value};

    #[test]
    fn what_sticks_out_is_kept() {
        let mut series = Series::default();
        for second in 0..100_000_i64 {
            let value = match second {
                41_234 => Value::Number(-50.0),
                41_235 => Value::Number(50.0),
                60_000 => Value::Removed,
                _ => Value::Number(f64::from(u8::try_from(second % 7).unwrap())),
            };
            series.insert(Point { time: second * SECOND, value, note: None });
        }
        let window = Window { from: 0, to: 100_000 * SECOND, width: 500, interval: Interval::Raw };
        let kept = decimate(&series, 0..100_000, &window);
        assert!(kept.len() <= 5 * 500, "{}", kept.len());
        assert!(kept.is_sorted_by(|one, next| one < next));
        for place in [0, 41_234, 41_235, 60_000, 99_999] {
            assert!(kept.contains(&place), "{place}");
        }
    }
}

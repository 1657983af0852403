//! Some hundred points: a column of times, a column of numbers, and what is not a number aside.

use std::sync::Arc;

use crate::{
    moment::Nanoseconds,
    point::{Note, Point},
    value::Value,
};

/// How many points a block has before the next one is begun. One into which older points come gets up to twice as many.
pub(super) const FULL: usize = 1_024;

/// How many of the newest values that are no numbers are looked at for one that is the same.
const LOOKED_AT: usize = 8;

/// Not a number; the place of the value among the others is in its lower bits.
const OTHER: u64 = 0x7ff8_0000_0000_0000;

/// Some points.
#[derive(Debug, Default)]
pub(crate) struct Block {
    times: Vec<Nanoseconds>,
    numbers: Vec<f64>,
    /// Values that are no numbers, each different from those just before it.
    others: Vec<Value>,
    /// By place, in the order of the places.
    notes: Vec<(u16, Arc<Note>)>,
    /// What the texts in both take.
    text_bytes: usize,
    summary: Summary,
}

/// What is known of all points of a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Summary {
    /// How many are numbers.
    pub(crate) count: usize,
    pub(crate) sum: f64,
    /// The places of the lowest and highest number, of the first that is none, and the longest pause between two.
    pub(crate) lowest: usize,
    pub(crate) highest: usize,
    pub(crate) first_other: Option<usize>,
    pub(crate) longest_pause: Nanoseconds,
}

impl Default for Summary {
    fn default() -> Self {
        Self { count: 0, sum: 0.0, lowest: 0, highest: 0, first_other: None, longest_pause: 0 }
    }
}

impl Block {
    pub(crate) fn len(&self) -> usize {
        self.times.len()
    }

    pub(crate) fn summary(&self) -> &Summary {
        &self.summary
    }

    pub(crate) fn first_time(&self) -> Nanoseconds {
        self.times.first().copied().unwrap_or(Nanoseconds::MIN)
    }

    pub(crate) fn last_time(&self) -> Nanoseconds {
        self.times.last().copied().unwrap_or(Nanoseconds::MIN)
    }

    /// The time at a place, and the number if it is one.
    pub(crate) fn time_and_number(&self, place: usize) -> Option<(Nanoseconds, Option<f64>)> {
        let number = *self.numbers.get(place)?;
        Some((*self.times.get(place)?, (!number.is_nan()).then_some(number)))
    }

    /// The number at a place, if it is one.
    pub(crate) fn number(&self, place: usize) -> Option<f64> {
        self.numbers.get(place).copied().filter(|number| !number.is_nan())
    }

    pub(super) fn get(&self, place: usize) -> Option<Point> {
        let number = *self.numbers.get(place)?;
        let value = if number.is_nan() { self.others.get(other_of(number))?.clone() } else { Value::Number(number) };
        let note = self.notes.binary_search_by_key(&place, |(place, _)| usize::from(*place)).ok();
        let note = note.and_then(|at| self.notes.get(at)).map(|(_, note)| Arc::clone(note));
        Some(Point { time: *self.times.get(place)?, value, note })
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.times.capacity() * size_of::<Nanoseconds>()
            + self.numbers.capacity() * size_of::<f64>()
            + self.others.capacity() * size_of::<Value>()
            + self.notes.capacity() * size_of::<(u16, Arc<Note>)>()
            + self.text_bytes
    }

    pub(super) fn partition_point(&self, is_before: impl Fn(Nanoseconds) -> bool) -> usize {
        self.times.partition_point(|time| is_before(*time))
    }

    /// Puts a point into its place; after those of the same time.
    pub(super) fn insert(&mut self, point: Point) {
        let number = match point.value {
            Value::Number(number) => number,
            other => f64::from_bits(OTHER | self.other(other) as u64),
        };
        let place = match self.times.last() {
            Some(last) if *last > point.time => self.times.partition_point(|time| *time <= point.time),
            _ => self.times.len(),
        };
        if let Some(note) = point.note {
            self.text_bytes += note.bytes();
            let at = self.notes.partition_point(|(other, _)| usize::from(*other) < place);
            // A block never has so many that they could not be counted.
            self.notes.insert(at, (u16::try_from(place).unwrap_or(u16::MAX), note));
            self.shift_notes(at + 1);
        } else if place < self.times.len() {
            self.shift_notes(self.notes.partition_point(|(other, _)| usize::from(*other) < place));
        }
        self.times.insert(place, point.time);
        self.numbers.insert(place, number);
        if place + 1 == self.times.len() {
            self.add_to_summary(place);
        } else {
            self.summarise();
        }
    }

    fn shift_notes(&mut self, from: usize) {
        self.notes.iter_mut().skip(from).for_each(|(place, _)| *place += 1);
    }

    /// The place among the others of a value; states come and go, and are kept once.
    fn other(&mut self, value: Value) -> usize {
        let newest = self.others.len().saturating_sub(LOOKED_AT)..self.others.len();
        if let Some(known) = newest.rev().find(|place| self.others.get(*place) == Some(&value)) {
            return known;
        }
        self.text_bytes += value.text_bytes();
        self.others.push(value);
        self.others.len() - 1
    }

    /// An empty block that follows this one, which is full and gives up what it has set aside to grow.
    pub(super) fn successor(&mut self) -> Self {
        self.others.shrink_to_fit();
        self.notes.shrink_to_fit();
        // The texts of states are shared with it.
        let others: Vec<_> = self.others.iter().rev().take(LOOKED_AT).rev().cloned().collect();
        let columns = || Vec::with_capacity(FULL);
        let others = if self.summary.first_other.is_some() { others } else { Vec::new() };
        Self { times: Vec::with_capacity(FULL), numbers: columns(), others, ..Self::default() }
    }

    pub(super) fn split_off(&mut self, place: usize) -> Self {
        let notes = self.notes.split_off(self.notes.partition_point(|(other, _)| usize::from(*other) < place));
        let back = |(other, note): (u16, _)| (other.saturating_sub(u16::try_from(place).unwrap_or(u16::MAX)), note);
        let mut rest = Self {
            times: self.times.split_off(place),
            numbers: self.numbers.split_off(place),
            others: self.others.clone(),
            notes: notes.into_iter().map(back).collect(),
            ..Self::default()
        };
        for part in [self, &mut rest] {
            part.count_text();
            part.summarise();
        }
        rest
    }

    pub(super) fn drop_oldest(&mut self, count: usize) {
        *self = self.split_off(count);
        let mut kept = Vec::new();
        // What only the dropped ones had goes with them.
        for number in &mut self.numbers {
            if number.is_nan() {
                let Some(value) = self.others.get(other_of(*number)) else { continue };
                let at = kept.iter().position(|known| known == value).unwrap_or_else(|| {
                    kept.push(value.clone());
                    kept.len() - 1
                });
                *number = f64::from_bits(OTHER | at as u64);
            }
        }
        self.others = kept;
        self.count_text();
    }

    fn count_text(&mut self) {
        let notes: usize = self.notes.iter().map(|(_, note)| note.bytes()).sum();
        self.text_bytes = notes + self.others.iter().map(Value::text_bytes).sum::<usize>();
    }

    fn summarise(&mut self) {
        self.summary = Summary::default();
        (0..self.len()).for_each(|place| self.add_to_summary(place));
    }

    fn add_to_summary(&mut self, place: usize) {
        let Some((time, number)) = self.time_and_number(place) else { return };
        let numbers = &self.numbers;
        let at = |place: usize| numbers.get(place).copied().unwrap_or(f64::NAN);
        let summary = &mut self.summary;
        if let Some(before) = place.checked_sub(1).and_then(|before| self.times.get(before)) {
            summary.longest_pause = summary.longest_pause.max(time.saturating_sub(*before));
        }
        let Some(number) = number else {
            summary.first_other = summary.first_other.or(Some(place));
            return;
        };
        if summary.count == 0 || number < at(summary.lowest) {
            summary.lowest = place;
        }
        if summary.count == 0 || number > at(summary.highest) {
            summary.highest = place;
        }
        summary.count += 1;
        summary.sum += number;
    }
}

#[allow(clippy::cast_possible_truncation, reason = "what was put in is no larger")]
fn other_of(number: f64) -> usize {
    (number.to_bits() & !OTHER) as usize
}

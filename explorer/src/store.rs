//! Everything that was read and is still kept: the series of each twin, the graph of twins, the newest records.
//!
//! Memory is bounded by [`Limits`]. Past them the oldest points go; but each series keeps half of what would be its share
//! if all had the same, so that a twin that changes rarely keeps its history beside those that change all the time.

use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;

use crate::{
    counters::Counters,
    graph::{Graph, Tree},
    lifecycle::{Lifecycle, Link, Milestone},
    limits::Limits,
    moment::{self, Nanoseconds, SECOND},
    oldest::{self, Dropped},
    raw_records::{Origin, RawRecord, RawRecords},
    record::{Change, Content, Record, Unreadable},
    repeats::Repeats,
    series::{Note, Point, Series},
    twin::Twin,
};

/// What a twin or a series takes beside its names and its points, about.
const OVERHEAD: usize = 256;

/// The store.
#[derive(Debug)]
pub(crate) struct Store {
    limits: Limits,
    twins: IndexMap<Arc<str>, Twin>,
    graph: Graph,
    tree: OnceLock<Tree>,
    lifecycle: Lifecycle,
    raw: RawRecords,
    repeats: Repeats,
    counters: Counters,
    /// Changes whenever the tree or the keys in it do.
    shape: u64,
    first: Option<Nanoseconds>,
    last: Option<Nanoseconds>,
    /// Points up to here were dropped.
    dropped_until: Option<Nanoseconds>,
}

impl Store {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            twins: IndexMap::new(),
            graph: Graph::default(),
            tree: OnceLock::new(),
            lifecycle: Lifecycle::default(),
            raw: RawRecords::new(limits.records, limits.record_bytes),
            repeats: Repeats::new(limits.event_ids),
            counters: Counters::default(),
            shape: 0,
            first: None,
            last: None,
            dropped_until: None,
        }
    }

    /// Takes in what was read from a piece of an event's body.
    pub(crate) fn take(&mut self, origin: Origin, text: &str, record: Result<Record, Unreadable>) {
        self.counters.records += 1;
        let mut raw = RawRecord {
            number: self.counters.records,
            origin,
            text: text.into(),
            twin: None,
            keys: Box::default(),
            remark: None,
        };
        match record {
            Ok(record) => {
                let repeated = record.event_id.as_deref().is_some_and(|id| self.repeats.is_repeat(id));
                let keys = if repeated { Vec::new() } else { self.draw(&record, raw.origin.enqueued) };
                self.counters.repeats += u64::from(repeated);
                raw.remark = repeated.then_some("repeat");
                raw.twin = Some(
                    self.twins
                        .get_key_value(record.twin())
                        .map_or_else(|| record.twin().into(), |(id, _)| Arc::clone(id)),
                );
                raw.keys = keys.into();
                if let (true, Content::Values { values, .. }) = (repeated, record.content) {
                    raw.keys = values.into_iter().map(|change| change.key.into()).collect();
                }
            }
            Err(unreadable) => {
                self.counters.unreadable += 1;
                raw.remark = Some(match unreadable {
                    Unreadable::NotJson => "not JSON",
                    Unreadable::NotARecord => "not a record",
                    Unreadable::LongName => "a name is too long",
                });
            }
        }
        self.raw.push(raw);
    }

    /// Draws a record, and answers the keys whose values it has.
    fn draw(&mut self, record: &Record, enqueued: Nanoseconds) -> Vec<Arc<str>> {
        let time_text = record.time.as_deref();
        let known = time_text.and_then(|text| moment::parse(text).map(|time| (time, text)));
        let time = known.map_or(enqueued, |(time, _)| time);
        let note = Note {
            time: known.and_then(|(time, text)| (!moment::is_usual(text, time)).then(|| text.into())),
            value: None,
            source_time: record.source_time.as_deref().map(Box::from),
        };
        let keys = match &record.content {
            Content::Values { twin, model, values } => self.change(twin, model.as_deref(), values, time, &note),
            Content::Twin { twin, model, ends } => {
                self.begin_or_end(twin, model.as_deref(), *ends, time, &note);
                Vec::new()
            }
            Content::Relationship { id, name, source, target, ends } => {
                self.relate(id, name, source, target, *ends, time);
                Vec::new()
            }
        };
        if self.counters.points > self.limits.points || self.counters.bytes > self.limits.bytes {
            self.drop_oldest();
        }
        keys
    }

    fn change(
        &mut self,
        twin: &str,
        model: Option<&str>,
        values: &[Change],
        time: Nanoseconds,
        note: &Note,
    ) -> Vec<Arc<str>> {
        let mut keys = Vec::with_capacity(values.len());
        let Some(index) = self.twin(twin) else {
            self.counters.left_out += values.len() as u64;
            return keys;
        };
        let Some((_, twin)) = self.twins.get_index_mut(index) else { return keys };
        twin.remember_model(model);
        for Change { key, value, as_received } in values {
            twin.changes += 1;
            let (key, series) = match twin.series.get_full(key.as_str()) {
                Some((at, key, _)) => (Arc::clone(key), at),
                None if self.counters.series >= self.limits.series => {
                    self.counters.left_out += 1;
                    continue;
                }
                None => {
                    self.counters.series += 1;
                    self.shape += 1;
                    let key: Arc<str> = key.as_str().into();
                    self.counters.bytes += key.len() + OVERHEAD;
                    (Arc::clone(&key), twin.series.insert_full(key, Series::default()).0)
                }
            };
            let note = Note { value: as_received.clone(), ..note.clone() };
            let note = (note != Note::default()).then(|| Arc::new(note));
            let Some((_, series)) = twin.series.get_index_mut(series) else { continue };
            let before = series.bytes();
            series.insert(Point { time, value: value.clone(), note });
            self.counters.bytes = self.counters.bytes + series.bytes() - before;
            self.counters.points += 1;
            keys.push(key);
        }
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = Some(self.last.map_or(time, |last| last.max(time)));
        keys
    }

    fn begin_or_end(&mut self, twin: &str, model: Option<&str>, ends: bool, time: Nanoseconds, note: &Note) {
        let Some(index) = self.twin(twin) else {
            self.counters.left_out += 1;
            return;
        };
        let Some((id, twin)) = self.twins.get_index_mut(index) else { return };
        self.lifecycle.insert(Milestone { time, twin: Arc::clone(id), relationship: None, ends });
        twin.remember_model(model);
        twin.ended = ends;
        self.shape += 1;
        if ends {
            let before = twin.bytes();
            self.counters.points += twin.end_values(time, note);
            self.counters.bytes = self.counters.bytes + twin.bytes() - before;
        }
    }

    fn relate(&mut self, id: &str, name: &str, source: &str, target: &str, ends: bool, time: Nanoseconds) {
        if !ends && self.graph.len() >= self.limits.series {
            self.counters.left_out += 1;
            return;
        }
        let (Some(source), Some(target)) = (self.twin(source), self.twin(target)) else {
            self.counters.left_out += 1;
            return;
        };
        let (Some((source, _)), Some((target, _))) = (self.twins.get_index(source), self.twins.get_index(target))
        else {
            return;
        };
        let link = Link { id: id.into(), name: name.into(), target: Arc::clone(target) };
        self.lifecycle.insert(Milestone { time, twin: Arc::clone(source), relationship: Some(link), ends });
        if ends {
            self.graph.end(source, id);
        } else {
            self.graph.begin(Arc::clone(source), id, name, Arc::clone(target));
        }
        self.reshape();
    }

    /// The place of a twin, which is made if there is room for it.
    fn twin(&mut self, id: &str) -> Option<usize> {
        if let Some(index) = self.twins.get_index_of(id) {
            return Some(index);
        }
        if self.twins.len() >= self.limits.series {
            return None;
        }
        self.reshape();
        self.counters.twins += 1;
        self.counters.bytes += id.len() + OVERHEAD;
        Some(self.twins.insert_full(id.into(), Twin::default()).0)
    }

    fn reshape(&mut self) {
        self.shape += 1;
        self.tree.take();
    }

    /// Drops the oldest points.
    fn drop_oldest(&mut self) {
        let series = self.twins.values_mut().flat_map(|twin| twin.series.values_mut());
        let Dropped { points, bytes, until } = oldest::drop_oldest(series.collect());
        self.counters.points -= points;
        self.counters.dropped += points as u64;
        self.counters.bytes -= bytes;
        self.dropped_until = self.dropped_until.max(Some(until));
        let series = self.twins.values().flat_map(|twin| twin.series.values());
        self.first = series.filter_map(|series| Some(series.first()?.time)).min();
    }

    /// Points up to this time were dropped, though not those that a series needs to keep its floor.
    pub(crate) fn dropped_until(&self) -> Option<Nanoseconds> {
        self.dropped_until
    }

    pub(crate) fn counters(&self) -> Counters {
        self.counters
    }

    pub(crate) fn shape(&self) -> u64 {
        self.shape
    }

    /// The times of the oldest and the newest point. A time in the future does not count as newest while there is none
    /// that is not.
    pub(crate) fn reach(&self, now: Nanoseconds) -> Option<(Nanoseconds, Nanoseconds)> {
        let last = self.last?;
        let believable = now.saturating_add(60 * SECOND);
        Some((self.first?, if last <= believable { last } else { now }))
    }

    pub(crate) fn get(&self, twin: &str) -> Option<(&Arc<str>, &Twin)> {
        self.twins.get_key_value(twin)
    }

    pub(crate) fn series(&self, twin: &str, key: &str) -> Option<&Series> {
        self.twins.get(twin)?.series.get(key)
    }

    pub(crate) fn twins(&self) -> impl Iterator<Item = (&Arc<str>, &Twin)> {
        self.twins.iter()
    }

    pub(crate) fn tree(&self) -> &Tree {
        self.tree.get_or_init(|| self.graph.tree(self.twins.keys()))
    }

    pub(crate) fn lifecycle(&self) -> &Lifecycle {
        &self.lifecycle
    }

    pub(crate) fn raw(&self) -> &RawRecords {
        &self.raw
    }
}

#[cfg(test)]
mod tests;

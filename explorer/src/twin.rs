//! What is known of a twin.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::{
    moment::Nanoseconds,
    series::{Note, Point, Series},
    value::Value,
};

/// A twin of which there was a record.
#[derive(Debug, Default)]
pub(crate) struct Twin {
    pub(crate) model: Option<Arc<str>>,
    /// Whether it has ended.
    pub(crate) ended: bool,
    /// By key, in the order of their first values.
    pub(crate) series: IndexMap<Arc<str>, Series>,
    /// How many values it has had.
    pub(crate) changes: u64,
}

impl Twin {
    /// Notes the model, where a record names one.
    pub(crate) fn remember_model(&mut self, model: Option<&str>) {
        if model.is_some() && self.model.as_deref() != model {
            self.model = model.map(Arc::from);
        }
    }

    /// What its points take in memory, about.
    pub(crate) fn bytes(&self) -> usize {
        self.series.values().map(Series::bytes).sum()
    }

    /// The end of a twin is the end of each of its values: a point for each, and answers how many these were.
    pub(crate) fn end_values(&mut self, time: Nanoseconds, note: &Note) -> usize {
        let note = (*note != Note::default()).then(|| Arc::new(note.clone()));
        let has_value = |series: &&mut Series| series.last().is_some_and(|at| at.value != Value::Removed);
        let mut points = 0;
        for series in self.series.values_mut().filter(has_value) {
            series.insert(Point { time, value: Value::Removed, note: note.clone() });
            points += 1;
        }
        points
    }
}

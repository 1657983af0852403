//! When twins and relationships began and ended, for the marks on the time line.

use std::{collections::VecDeque, sync::Arc};

use crate::moment::Nanoseconds;

/// Up to how many are kept, the newest of them.
const MOST: usize = 50_000;

/// A twin or a relationship began or ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Milestone {
    pub(crate) time: Nanoseconds,
    /// The twin, or the one at which the relationship starts.
    pub(crate) twin: Arc<str>,
    /// `None` if it is the twin itself that began or ended.
    pub(crate) relationship: Option<Link>,
    pub(crate) ends: bool,
}

/// What a relationship is besides its source.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Link {
    pub(crate) id: Box<str>,
    pub(crate) name: Box<str>,
    pub(crate) target: Arc<str>,
}

/// Milestones in the order of their times.
#[derive(Debug, Default)]
pub(crate) struct Lifecycle {
    milestones: VecDeque<Milestone>,
}

impl Milestone {
    fn is_about(&self, twin: &str) -> bool {
        *self.twin == *twin || self.relationship.as_ref().is_some_and(|link| *link.target == *twin)
    }
}

impl Lifecycle {
    /// Puts a milestone into its place; after those of the same time.
    pub(crate) fn insert(&mut self, milestone: Milestone) {
        let place = self.milestones.partition_point(|other| other.time <= milestone.time);
        self.milestones.insert(place, milestone);
        if self.milestones.len() > MOST {
            self.milestones.pop_front();
        }
    }

    /// Those about any of these twins, or about any at all where none is named, newest first. Both ends of the window
    /// are in it.
    pub(crate) fn newest<'a>(
        &'a self,
        (from, to): (Nanoseconds, Nanoseconds),
        twins: &'a [&str],
    ) -> impl Iterator<Item = &'a Milestone> {
        let start = self.milestones.partition_point(|milestone| milestone.time < from);
        let end = self.milestones.partition_point(|milestone| milestone.time <= to).max(start);
        let wanted =
            move |milestone: &&Milestone| twins.is_empty() || twins.iter().any(|twin| milestone.is_about(twin));
        self.milestones.range(start..end).rev().filter(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milestone(time: Nanoseconds, twin: &str, target: Option<&str>) -> Milestone {
        let link = |target: &str| Link { id: "r".into(), name: "has".into(), target: target.into() };
        Milestone { time, twin: twin.into(), relationship: target.map(link), ends: false }
    }

    #[test]
    fn milestones_are_found_by_time_and_by_either_end_of_a_relationship() {
        let mut lifecycle = Lifecycle::default();
        for (time, twin, target) in [(3, "Line", Some("Step")), (1, "Step", None), (2, "Line", None)] {
            lifecycle.insert(milestone(time, twin, target));
        }
        let times = |span, twins: &[&str]| lifecycle.newest(span, twins).map(|at| at.time).collect::<Vec<_>>();
        assert_eq!(times((0, 9), &[]), [3, 2, 1]);
        assert_eq!(times((2, 3), &[]), [3, 2]);
        assert_eq!(times((0, 9), &["Step"]), [3, 1]);
        assert_eq!(times((0, 9), &["Nobody", "Line"]), [3, 2]);
        assert!(times((9, 0), &[]).is_empty());
    }

    #[test]
    fn the_oldest_go() {
        let mut lifecycle = Lifecycle::default();
        (0..=i64::try_from(MOST).unwrap()).for_each(|time| lifecycle.insert(milestone(time, "Step", None)));
        assert_eq!(lifecycle.milestones.len(), MOST);
        assert_eq!(lifecycle.milestones[0].time, 1);
    }
}

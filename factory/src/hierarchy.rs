//! Who runs what in a factory of any size. Twins, relationships and the simulator all follow from it.

use std::sync::Arc;

use crate::step::Step;

/// The number of twins of the lab: a factory, its floor, its line, and the three steps of the line.
pub const LAB: usize = 6;

const LINES_PER_FLOOR: usize = 10;
const STEPS_PER_LINE: usize = 21;

/// A twin's place in the factory.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub id: Arc<str>,
    /// The twin that runs it; none for the factory itself.
    pub parent: Option<Arc<str>>,
    pub role: Role,
}

/// What a twin is. Floors and lines are numbered from 1 throughout the factory.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Role {
    Factory,
    Floor { number: usize },
    Line { number: usize },
    Step(Step),
}

/// The places of a factory of `count` twins, or of the lab's six if that is more, each after its parent.
///
/// After the lab's own come lines of 21 steps, ten lines to a floor, as far as `count` goes.
pub(crate) fn hierarchy(count: usize) -> Vec<Place> {
    let mut places = lab();
    let mut number = 1;
    while places.len() < count {
        number += 1;
        places.extend(line(number));
    }
    places.truncate(count.max(LAB));
    places
}

/// The number of twins of the smallest factory that has one with this id; none if no factory has it.
pub(crate) fn smallest_with(id: &str) -> Option<usize> {
    let digits = id.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let (before, places) = if digits.is_empty() {
        (0, lab())
    } else {
        let number: u32 = digits.split('-').next()?.parse().ok()?;
        let number = usize::try_from(number).ok()?;
        let is_floor = id.starts_with("FactoryFloor");
        let number = if is_floor { number.checked_sub(1)? * LINES_PER_FLOOR + 1 } else { number };
        let earlier = number.checked_sub(2)?;
        (LAB + earlier * (1 + STEPS_PER_LINE) + earlier / LINES_PER_FLOOR, line(number))
    };
    Some(before + places.iter().position(|place| *place.id == *id)? + 1)
}

/// A line beyond the lab's and its steps; before it the floor, where it is the first of that.
fn line(number: usize) -> Vec<Place> {
    let floor_number = (number - 1) / LINES_PER_FLOOR + 1;
    let floor = if floor_number == 1 { "FactoryFloor".to_owned() } else { format!("FactoryFloor{floor_number:04}") };
    let id = format!("ProductionLine{number:04}");
    let mut places = Vec::with_capacity(2 + STEPS_PER_LINE);
    if number % LINES_PER_FLOOR == 1 {
        places.push(place(&floor, Some("ChocolateFactory"), Role::Floor { number: floor_number }));
    }
    places.push(place(&id, Some(&floor), Role::Line { number }));
    places.extend(
        Step::ALL
            .iter()
            .cycle()
            .zip(1..=STEPS_PER_LINE)
            .map(|(step, turn)| place(&format!("{}{number:04}-{turn:02}", step.name()), Some(&id), Role::Step(*step))),
    );
    places
}

fn lab() -> Vec<Place> {
    let mut places = vec![
        place("ChocolateFactory", None, Role::Factory),
        place("FactoryFloor", Some("ChocolateFactory"), Role::Floor { number: 1 }),
        place("ProductionLine", Some("FactoryFloor"), Role::Line { number: 1 }),
    ];
    places.extend(Step::ALL.map(|step| place(step.name(), Some("ProductionLine"), Role::Step(step))));
    places
}

fn place(id: &str, parent: Option<&str>, role: Role) -> Place {
    Place { id: id.into(), parent: parent.map(Into::into), role }
}

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
    let mut floor: Arc<str> = "FactoryFloor".into();
    let mut line = 1;
    while places.len() < count {
        line += 1;
        if line % LINES_PER_FLOOR == 1 {
            let number = line / LINES_PER_FLOOR + 1;
            floor = format!("FactoryFloor{number:04}").into();
            places.push(place(&floor, Some("ChocolateFactory"), Role::Floor { number }));
        }
        let id = format!("ProductionLine{line:04}");
        places.push(place(&id, Some(&floor), Role::Line { number: line }));
        places.extend(Step::ALL.iter().cycle().zip(1..=STEPS_PER_LINE).map(|(step, number)| {
            place(&format!("{}{line:04}-{number:02}", step.name()), Some(&id), Role::Step(*step))
        }));
    }
    places.truncate(count.max(LAB));
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

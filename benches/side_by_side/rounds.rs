//! Contenders in turn, so that whatever else the machine is busy with strikes all of them alike.

use std::time::Duration;

use crate::{
    cell::Cell,
    contender::Contender,
    delivery::Template,
    hub::Hub,
    matrix::Work,
    measurement::{self, Measurement},
    session::Session,
};

/// Measures each work with each contender, one after the other, and that as often as there are rounds.
pub fn measure(contenders: &[Contender], works: &[Work], rounds: u16, length: Duration) -> Vec<Cell> {
    // One for all, so that it can't make a difference between them.
    let mut hub = Hub::start();
    let templates: Vec<_> = works.iter().map(|work| Template::new(work.way, work.shape)).collect();
    let mut measured: Vec<Vec<Vec<Measurement>>> = vec![vec![Vec::new(); works.len()]; contenders.len()];
    for round in 0..rounds {
        if rounds > 1 {
            println!("round {} of {rounds}", round + 1);
        }
        // Anew, since where a process happens to lie in memory makes a difference of its own.
        let mut sessions: Vec<_> = contenders.iter().map(|contender| Session::open(contender, &hub, length)).collect();
        // Back and forth, so that whoever comes first does not do so every time.
        let mut order: Vec<_> = (0..contenders.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for (index, (&work, template)) in works.iter().zip(&templates).enumerate() {
            println!("{}", work.describe());
            hub.delay(work.delay);
            for &turn in order.iter().filter(|&&turn| contenders[turn].takes(work.way)) {
                let session = &mut sessions[turn];
                session.warm_up(work, template, length / 5);
                let measurement = measurement::measure(session, &mut hub, work, template, length);
                println!("  {}: {measurement}", session.contender.name());
                if measurement.failures > 0 {
                    // Whatever has befallen it shall not count for what follows.
                    *session = Session::open(&contenders[turn], &hub, length);
                }
                measured[turn][index].push(measurement);
            }
        }
    }
    let cells = contenders.iter().zip(measured).flat_map(|(contender, measured)| {
        let works = works.iter().zip(&templates).zip(measured);
        let measured = works.filter(|(_, rounds)| !rounds.is_empty());
        measured.map(|((&work, template), rounds)| Cell {
            contender: contender.name(),
            peer: contender.is_peer(),
            work,
            bytes: template.size,
            median: Measurement::median(&rounds),
            rounds,
        })
    });
    cells.collect()
}

//! A contender at work: its process and a hub of its own, checked, warmed up, and measured line by line of the matrix.

use std::{sync::atomic::AtomicU64, time::Duration};

use crate::{
    cell::{self, Cell},
    check,
    contender::{Contender, Running},
    delivery::Template,
    driver,
    hub::Hub,
    matrix::{self, Load, Work},
    options::Options,
    process,
};

pub struct Session {
    pub contender: Contender,
    pub running: Running,
    pub hub: Hub,
    /// Events so far.
    pub numbers: AtomicU64,
}

impl Session {
    /// Starts a hub and the contender, and checks that the contender does the work.
    pub fn open(contender: Contender) -> Self {
        let mut hub = Hub::start();
        let running = Running::start(contender, &hub.connection_string);
        if contender.sends() {
            check::check(contender, running.address, &mut hub);
        }
        Self { contender, running, hub, numbers: AtomicU64::new(check::EVENTS) }
    }

    /// Brings everything to where it is measured.
    pub fn warm_up(&mut self, work: Work, template: &Template, length: Duration) {
        self.hub.delay(work.delay);
        if self.contender == (Contender::Floor { waits: true }) {
            self.running.wait(work.delay);
        }
        let load = match work.load {
            Load::AtATime(number) => Load::AtATime(number),
            Load::PerSecond(_) => Load::AtATime(8),
        };
        driver::run(self.running.address, template, &self.numbers, load, length);
        process::forget_peak(self.running.pid());
    }
}

/// Measures all work of the matrix.
pub fn measure(contender: &Contender, options: &Options) -> Vec<Cell> {
    println!("{}", contender.name());
    let mut session = Session::open(*contender);
    let length = Duration::from_secs_f64(options.seconds());
    // A compiler in the background needs a while, in which nothing is measured.
    let usual = Template::new(matrix::USUAL.shape);
    session.warm_up(matrix::USUAL, &usual, length);
    let works = matrix::works(options).iter();
    works
        .map(|&work| {
            let template = Template::new(work.shape);
            session.warm_up(work, &template, length / 5);
            let cell = cell::measure(&mut session, work, &template, length);
            println!("  {cell}");
            if cell.failures > 0 {
                // Whatever has befallen it shall not count for what follows.
                session = Session::open(*contender);
            }
            cell
        })
        .collect()
}

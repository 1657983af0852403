//! A contender at work: its process, warmed up.

use std::{sync::atomic::AtomicU64, time::Duration};

use crate::{
    contender::Contender,
    delivery::Template,
    driver,
    hub::Hub,
    matrix::{self, Load, Work},
    process,
    running::Running,
};

pub struct Session {
    pub contender: Contender,
    pub running: Running,
    /// Events so far.
    pub numbers: AtomicU64,
}

impl Session {
    /// Starts the contender. One that has a compiler in the background is given time for that: `length`, or a second.
    pub fn open(contender: &Contender, hub: &Hub, length: Duration) -> Self {
        let running = contender.start(&hub.connection_string);
        let session = Self { contender: contender.clone(), running, numbers: AtomicU64::new(0) };
        if contender.is_peer() {
            session.warm_up(
                matrix::USUAL,
                &Template::new(matrix::USUAL.way, matrix::USUAL.shape),
                length.max(Duration::from_secs(1)),
            );
        }
        session
    }

    /// Brings everything to where it is measured.
    pub fn warm_up(&self, work: Work, template: &Template, length: Duration) {
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

//! What goes wrong with the hub: one fault after the other, or two at once, each for a moment, with some calm between.

use std::{sync::Arc, time::Duration};

use fastrand::Rng;
use local_azure::event_hubs::{Answer, Cut, EventHubs, Matching, Reception, TokenAnswer};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{
    MAX_MESSAGE_SIZE, SENDERS,
    notifications::{TWINS, twin},
    report::{Counts, Fault},
};

/// In milliseconds.
const CALM: std::ops::Range<u64> = 100..1_000;
const TROUBLE: std::ops::Range<u64> = 20..500;

#[derive(Debug)]
pub struct Weather {
    hubs: Arc<EventHubs>,
    rng: Rng,
    counts: Arc<Counts>,
}

impl Weather {
    pub fn new(hubs: Arc<EventHubs>, rng: Rng, counts: Arc<Counts>) -> Self {
        Self { hubs, rng, counts }
    }

    /// Lets every fault strike, in an order that is different each time, until all is to be calm; then heals.
    pub async fn run(mut self, calm: CancellationToken) {
        let storm = async {
            loop {
                let mut faults = Fault::OF_THE_HUB;
                self.rng.shuffle(&mut faults);
                for fault in faults {
                    sleep(Duration::from_millis(self.rng.u64(CALM))).await;
                    self.strike(fault);
                    if self.rng.bool() {
                        let another = self.rng.choice(Fault::OF_THE_HUB).unwrap_or(fault);
                        self.strike(another);
                    }
                    sleep(Duration::from_millis(self.rng.u64(TROUBLE))).await;
                    self.lift();
                }
            }
        };
        tokio::select! {
            () = storm => {}
            () = calm.cancelled() => {}
        }
        self.lift();
    }

    fn strike(&mut self, fault: Fault) {
        self.counts.struck(fault);
        let faults = self.hubs.faults();
        let few = self.rng.usize(1..5);
        match fault {
            Fault::Refuse => {
                faults.receive_connections(Reception::Refuse);
                faults.cut_connections();
            }
            Fault::Silence => {
                faults.receive_connections(Reception::Silent);
                faults.cut_connections();
            }
            Fault::Pause => self.hubs.pause(),
            Fault::Cut => faults.cut_connections(),
            Fault::CutBeforeStoring => faults.cut_next_transfer(Cut::BeforeStoring),
            Fault::CutAfterStoring => faults.cut_next_transfer(Cut::AfterStoring),
            Fault::Hold => faults.answer(Answer::Hold),
            Fault::Lose => faults.answer_next(1, Answer::Silent),
            Fault::Delay => faults.set_acknowledgement_delay(Duration::from_millis(self.rng.u64(20..300))),
            Fault::Throttle => faults.answer(Answer::server_busy()),
            Fault::Deny => faults.answer_next(few, Answer::unauthorized()),
            Fault::RefuseTokens => {
                let status = if self.rng.bool() { 401 } else { 503 };
                faults.answer_tokens(TokenAnswer::Refuse { status, description: "a storm".to_owned() });
                faults.cut_connections();
            }
            Fault::ExpireTokens => faults.expire_tokens(),
            Fault::RejectOne => {
                let twin = twin(self.rng.usize(0..SENDERS), self.rng.usize(0..TWINS));
                faults.answer_matching(Matching::partition_key(&twin), Answer::reject("amqp:not-allowed", "a storm"));
            }
            Fault::Release => faults.answer_next(few, Answer::Release),
            Fault::Modify => faults.answer_next(few, Answer::Modify),
            Fault::Detach => faults.answer_next(1, Answer::detach("amqp:link:detach-forced", "a storm")),
            Fault::TakeLess => {
                faults.set_max_message_size(MAX_MESSAGE_SIZE / 4);
                faults.cut_connections();
            }
            Fault::Kill | Fault::Terminate | Fault::StopHost | Fault::DropHost => {}
        }
    }

    fn lift(&self) {
        // Links that were told a smaller size keep it; others come with the next fault that cuts.
        self.hubs.faults().heal();
        if self.hubs.is_paused() {
            self.hubs.resume().unwrap();
        }
    }
}

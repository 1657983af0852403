//! The count at the end, as Markdown.

use std::{collections::BTreeMap, fmt, time::Duration};

use parking_lot::Mutex;

use crate::{
    GRACE, delivery_timeout,
    ledger::{Findings, Ledger},
    way::{self, Way},
};

/// What can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    Refuse,
    Silence,
    Pause,
    Cut,
    CutBeforeStoring,
    CutAfterStoring,
    Hold,
    Lose,
    Delay,
    Throttle,
    Deny,
    RefuseTokens,
    ExpireTokens,
    RejectOne,
    Release,
    Modify,
    Detach,
    TakeLess,
    Kill,
    Terminate,
    StopHost,
    DropHost,
}

impl Fault {
    pub const OF_THE_HUB: [Self; 18] = [
        Self::Refuse,
        Self::Silence,
        Self::Pause,
        Self::Cut,
        Self::CutBeforeStoring,
        Self::CutAfterStoring,
        Self::Hold,
        Self::Lose,
        Self::Delay,
        Self::Throttle,
        Self::Deny,
        Self::RefuseTokens,
        Self::ExpireTokens,
        Self::RejectOne,
        Self::Release,
        Self::Modify,
        Self::Detach,
        Self::TakeLess,
    ];

    pub const OF_THE_PROCESS: [Self; 2] = [Self::Kill, Self::Terminate];
    pub const OF_THE_HOSTS: [Self; 3] = [Self::Kill, Self::StopHost, Self::DropHost];

    fn description(self) -> &'static str {
        match self {
            Self::Refuse => "every connection dropped, new ones too",
            Self::Silence => "every connection dropped, new ones accepted and never answered",
            Self::Pause => "hub killed, and restarted with its contents",
            Self::Cut => "every connection cut",
            Self::CutBeforeStoring => "connection cut before a transfer was stored",
            Self::CutAfterStoring => "connection cut after a transfer was stored",
            Self::Hold => "acknowledgements held back",
            Self::Lose => "a transfer lost, never answered",
            Self::Delay => "acknowledgements late by 20 to 300 ms",
            Self::Throttle => "throttled: `com.microsoft:server-busy`",
            Self::Deny => "denied: `amqp:unauthorized-access`",
            Self::RefuseTokens => "every connection cut, tokens refused with 401 or 503",
            Self::ExpireTokens => "tokens expired",
            Self::RejectOne => "every transfer with events of one twin rejected",
            Self::Release => "answered `released`",
            Self::Modify => "answered `modified`",
            Self::Detach => "link closed with a transfer in flight",
            Self::TakeLess => "every connection cut, a smaller maximum size announced",
            Self::Kill => "twin-bridge killed with SIGKILL",
            Self::Terminate => "twin-bridge stopped with SIGTERM",
            Self::StopHost => "a host stopped in order; the other one takes over",
            Self::DropHost => "a host gone without a word, with its handler; the other one takes over",
        }
    }
}

/// How one try to deliver ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Answered(u16),
    /// The connection was refused, or broke.
    Broken,
    Unanswered,
}

/// What is counted while it goes on.
#[derive(Debug, Default)]
pub struct Counts(Mutex<Counted>);

#[derive(Debug, Default, Clone)]
struct Counted {
    deliveries: u64,
    outcomes: BTreeMap<Outcome, u64>,
    faults: BTreeMap<Fault, u64>,
    longest: Duration,
    late: u64,
    violations: Vec<String>,
}

impl Counts {
    pub fn delivery(&self) {
        self.0.lock().deliveries += 1;
    }

    pub fn count(&self, outcome: Outcome, took: Duration) {
        let mut counted = self.0.lock();
        *counted.outcomes.entry(outcome).or_default() += 1;
        if let Outcome::Answered(_) = outcome {
            counted.longest = counted.longest.max(took);
            counted.late += u64::from(took > delivery_timeout() + GRACE);
        }
    }

    pub fn struck(&self, fault: Fault) {
        *self.0.lock().faults.entry(fault).or_default() += 1;
    }

    pub fn all_have_struck(&self, faults: &[Fault]) -> bool {
        let counted = self.0.lock();
        Fault::OF_THE_HUB.iter().chain(faults).all(|fault| counted.faults.contains_key(fault))
    }

    pub fn violation(&self, what: String) {
        self.0.lock().violations.push(what);
    }
}

impl Counted {
    fn tries(&self) -> u64 {
        self.outcomes.values().sum()
    }
}

/// A line to see that it goes on.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = self.0.lock();
        let faults = counted.faults.values().sum::<u64>();
        write!(f, "{} deliveries in {} tries, {faults} faults", counted.deliveries, counted.tries())
    }
}

/// The end of it.
#[derive(Debug)]
pub struct Report {
    seed: u64,
    took: Duration,
    drained: bool,
    findings: Findings,
    counted: Counted,
    way: Way,
}

impl Report {
    pub fn new(seed: u64, took: Duration, drained: bool, ledger: &Ledger, counts: &Counts, way: Way) -> Self {
        let mut findings = ledger.findings();
        if !way::keeps_order(way) {
            findings.forget_order();
        }
        Self { seed, took, drained, findings, counted: counts.0.lock().clone(), way }
    }

    /// Everything that must not be.
    pub fn violations(&self) -> Vec<String> {
        let mut violations = self.counted.violations.clone();
        let all = self.must_be_none();
        violations
            .extend(all.into_iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{what}: {count}")));
        if !self.drained {
            violations.push("the senders did not come to an end".to_owned());
        }
        violations.extend(self.findings.details.iter().cloned());
        violations
    }

    fn must_be_none(&self) -> [(&'static str, u64); 14] {
        let found = &self.findings;
        let unexpected = self.counted.outcomes.iter().filter(|(outcome, _)| match outcome {
            Outcome::Answered(status) => !matches!(status, 200 | 503),
            Outcome::Broken | Outcome::Unanswered => false,
        });
        [
            ("records missing that were acknowledged", found.missing_records as u64),
            ("bad events acknowledged and in no dead letter", found.missing_dead_letters as u64),
            ("events set aside without need", found.set_aside_without_need as u64),
            ("events forwarded in part and set aside", found.forwarded_though_bad as u64),
            ("records altered", found.altered as u64),
            ("events in the hub or in dead letters that were not sent", found.unknown as u64),
            ("events in another partition or under another key than their twin's", found.astray as u64),
            ("order violations between deliveries", found.order_between_deliveries as u64),
            ("order violations inside deliveries", found.order_inside_deliveries as u64),
            ("order violations inside notifications", found.order_inside_notifications as u64),
            ("notifications never acknowledged", found.unacknowledged as u64),
            ("tries answered later than the time plus 1 s", self.counted.late),
            (
                "tries not answered, with the connection open",
                *self.counted.outcomes.get(&Outcome::Unanswered).unwrap_or(&0),
            ),
            ("answers other than 200 and 503", unexpected.map(|(_, count)| count).sum()),
        ]
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { findings, counted, .. } = self;
        writeln!(f, "| of the storm with seed {} | |\n| --- | --- |", self.seed)?;
        let row =
            |f: &mut fmt::Formatter<'_>, what: &str, count: &dyn fmt::Display| writeln!(f, "| {what} | {count} |");
        row(f, "took", &format_args!("{} s", self.took.as_secs()))?;
        row(f, "notifications", &findings.notifications)?;
        row(f, "… stored in the hub", &findings.stored)?;
        row(f, "… set aside in dead letters", &findings.set_aside)?;
        row(f, "… that give no record", &findings.without_record)?;
        row(f, "records in the hub", &findings.records)?;
        row(f, "repeats among them, with equal EventId and body", &findings.repeats)?;
        row(f, "deliveries", &counted.deliveries)?;
        if !way::is_queue(self.way) {
            let (tries, again) = (counted.tries(), counted.tries() - counted.deliveries);
            row(f, "tries, redeliveries among them", &format_args!("{tries}, {again}"))?;
        }
        for (outcome, count) in &counted.outcomes {
            match outcome {
                Outcome::Answered(status) => row(f, &format!("… answered {status}"), count)?,
                Outcome::Broken => row(f, "… whose connection was refused or broke", count)?,
                Outcome::Unanswered => row(f, "… not answered", count)?,
            }
        }
        if !way::is_queue(self.way) {
            row(f, "longest time to an answer", &format_args!("{:.2} s", self.counted.longest.as_secs_f64()))?;
        }
        writeln!(f, "\n| faults | times |\n| --- | --- |")?;
        for (fault, count) in &counted.faults {
            row(f, fault.description(), count)?;
        }
        writeln!(f, "\n| what must not be | times |\n| --- | --- |")?;
        for (what, count) in self.must_be_none() {
            row(f, what, &count)?;
        }
        Ok(())
    }
}

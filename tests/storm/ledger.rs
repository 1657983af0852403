//! The accounts: what was sent, how it was answered, and what the hub holds of it.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use local_azure::event_hubs::StoredEvent;
use parking_lot::Mutex;

use crate::notifications::{Generator, Notification};

/// What must become of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Its records are in the hub.
    Stored,
    /// It is in a dead letter, and nothing of it in the hub.
    SetAside,
    /// One or the other, as the hub may take less than usual at times.
    Either,
    /// It gives no record.
    Nothing,
}

/// How far a notification has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Sent,
    Acknowledged,
    SetAside,
}

#[derive(Debug, Default)]
pub struct Ledger(Mutex<Accounts>);

#[derive(Debug, Default)]
struct Accounts {
    /// A notification's number is its place here; its id is `storm-<number>`.
    entries: Vec<Entry>,
    /// For each twin the numbers of its notifications, as they were sent.
    twins: HashMap<String, Vec<usize>>,
    deliveries: usize,
    findings: Findings,
}

#[derive(Debug)]
struct Entry {
    delivery: usize,
    expected: Expected,
    fate: Fate,
    /// Where the hub put it.
    partition: Option<usize>,
    records: Box<[Seen]>,
}

/// A record and how it was seen in the hub.
#[derive(Debug)]
struct Seen {
    hash: u64,
    copies: u32,
    /// The lowest place in its partition.
    first: i64,
}

/// What came out.
#[derive(Debug, Default, Clone)]
pub struct Findings {
    pub notifications: usize,
    pub stored: usize,
    pub set_aside: usize,
    pub without_record: usize,
    pub records: usize,
    pub repeats: u64,
    // From here on everything must be 0.
    pub unacknowledged: usize,
    pub missing_records: usize,
    pub missing_dead_letters: usize,
    pub set_aside_without_need: usize,
    pub forwarded_though_bad: usize,
    pub altered: usize,
    pub unknown: usize,
    pub astray: usize,
    pub order_between_deliveries: usize,
    pub order_inside_deliveries: usize,
    pub order_inside_notifications: usize,
    /// The first few of the above, in words.
    pub details: Vec<String>,
}

impl Findings {
    /// For a way that keeps none. Inside a notification there always is one.
    pub fn forget_order(&mut self) {
        (self.order_between_deliveries, self.order_inside_deliveries) = (0, 0);
        self.details.retain(|detail| !detail.contains("which was sent before it"));
    }

    fn detail(&mut self, text: impl FnOnce() -> String) {
        if self.details.len() < 20 {
            self.details.push(text());
        }
    }
}

/// A delivery that was written down, and is to be sent until it is acknowledged.
#[derive(Debug)]
pub struct Delivery {
    events: Vec<(usize, String)>,
}

impl Delivery {
    /// Its events, each with what it is about.
    pub fn events(&self) -> impl Iterator<Item = &str> {
        self.events.iter().map(|(_, text)| &**text)
    }

    /// The array as Event Grid sends it.
    pub fn text(&self) -> String {
        let texts: Vec<_> = self.events.iter().map(|(_, text)| &**text).collect();
        format!("[{}]", texts.join(","))
    }
}

impl Ledger {
    /// How many notifications were written down.
    pub fn sent(&self) -> u64 {
        self.0.lock().entries.len() as u64
    }

    /// Writes the next delivery of a sender down.
    pub fn next_delivery(&self, generator: &mut Generator) -> Delivery {
        let mut accounts = self.0.lock();
        let delivery = accounts.deliveries;
        accounts.deliveries += 1;
        let events = (0..generator.size_of_delivery())
            .map(|_| {
                let number = accounts.entries.len();
                let Notification { twin, text, expected, records } = generator.next(&format!("storm-{number}"));
                let records = records.into_iter().map(|hash| Seen { hash, copies: 0, first: i64::MAX }).collect();
                accounts.entries.push(Entry { delivery, expected, fate: Fate::Sent, partition: None, records });
                accounts.twins.entry(twin).or_default().push(number);
                (number, text)
            })
            .collect();
        Delivery { events }
    }

    /// Takes a delivery as answered with success, and what the answer gives as set aside.
    pub fn acknowledged(&self, delivery: &Delivery, dead_letters: Vec<serde_json::Value>) {
        let mut set_aside: Vec<_> = dead_letters.into_iter().map(without_reason).collect();
        let mut accounts = self.0.lock();
        let Accounts { entries, findings, .. } = &mut *accounts;
        for (number, text) in &delivery.events {
            let place = if set_aside.is_empty() {
                None
            } else {
                let event: serde_json::Value = serde_json::from_str(text).unwrap();
                set_aside.iter().position(|letter| *letter == event)
            };
            let entry = &mut entries[*number];
            entry.fate = if place.is_some() { Fate::SetAside } else { Fate::Acknowledged };
            if let Some(place) = place {
                set_aside.swap_remove(place);
            }
            match (entry.expected, entry.fate) {
                (Expected::SetAside, Fate::Acknowledged) => {
                    findings.missing_dead_letters += 1;
                    findings.detail(|| format!("storm-{number} is bad, acknowledged, and in no dead letter"));
                }
                (Expected::Stored | Expected::Nothing, Fate::SetAside) => {
                    findings.set_aside_without_need += 1;
                    findings.detail(|| format!("storm-{number} was set aside without need"));
                }
                _ => {}
            }
        }
        if !set_aside.is_empty() {
            findings.unknown += set_aside.len();
            findings.detail(|| format!("a dead letter is not whole or none of the delivery's: {}", set_aside[0]));
        }
    }

    /// Takes down an event that the hub holds.
    pub fn saw(&self, event: &StoredEvent) {
        let mut accounts = self.0.lock();
        let Accounts { entries, findings, twins, .. } = &mut *accounts;
        let place = event.message_id.as_deref().and_then(number_and_index);
        let Some((number, index)) =
            place.filter(|&(number, index)| entries.get(number).is_some_and(|entry| index < entry.records.len()))
        else {
            findings.unknown += 1;
            findings.detail(|| format!("the hub holds an event that was not sent: {:?}", event.message_id));
            return;
        };
        let entry = &mut entries[number];
        let of_twin = event.partition_key.as_ref().and_then(|key| twins.get(key));
        if of_twin.is_none_or(|numbers| numbers.binary_search(&number).is_err())
            || *entry.partition.get_or_insert(event.partition) != event.partition
        {
            findings.astray += 1;
            findings.detail(|| format!("storm-{number} is in a partition or under a key that is not its twin's"));
        }
        let record = &mut entry.records[index];
        record.copies += 1;
        record.first = record.first.min(event.sequence_number);
        if record.hash != hash(&event.body) {
            findings.altered += 1;
            findings.detail(|| format!("storm-{number}#{index} was altered: {}", event.text()));
        }
    }

    /// Balances the accounts.
    pub fn findings(&self) -> Findings {
        let accounts = self.0.lock();
        let mut findings = accounts.findings.clone();
        for (number, entry) in accounts.entries.iter().enumerate() {
            balance(number, entry, &mut findings);
        }
        for (twin, numbers) in &accounts.twins {
            order(twin, numbers, &accounts.entries, &mut findings);
        }
        findings
    }
}

/// Is all there that must be there, and nothing else?
fn balance(number: usize, entry: &Entry, findings: &mut Findings) {
    let copies = || entry.records.iter().map(|record| record.copies);
    findings.notifications += 1;
    findings.records += copies().filter(|&copies| copies > 0).count();
    findings.repeats += copies().map(|copies| u64::from(copies.saturating_sub(1))).sum::<u64>();
    match entry.fate {
        Fate::Sent => {
            findings.unacknowledged += 1;
            findings.detail(|| format!("storm-{number} was never acknowledged"));
        }
        Fate::SetAside => findings.set_aside += 1,
        Fate::Acknowledged if entry.records.is_empty() => findings.without_record += 1,
        Fate::Acknowledged => {
            findings.stored += 1;
            let missing = copies().filter(|&copies| copies == 0).count();
            findings.missing_records += missing;
            if missing > 0 {
                findings.detail(|| {
                    let of = entry.records.len();
                    format!(
                        "storm-{number} (delivery {}) was acknowledged, and {missing} of its {of} records are missing",
                        entry.delivery
                    )
                });
            }
        }
    }
    if entry.expected == Expected::SetAside && copies().any(|copies| copies > 0) {
        findings.forwarded_though_bad += 1;
        findings.detail(|| format!("storm-{number} can't be forwarded whole, and was forwarded in part"));
    }
    if !entry.records.windows(2).all(|pair| pair[0].first <= pair[1].first) {
        findings.order_inside_notifications += 1;
        findings.detail(|| format!("the records of storm-{number} are not in order"));
    }
}

/// Did a twin's notifications appear in the order in which they were sent?
fn order(twin: &str, numbers: &[usize], entries: &[Entry], findings: &mut Findings) {
    let mut latest: Option<(usize, i64)> = None;
    for &number in numbers {
        // What was set aside has left the order. (It may be in the hub too, if it came once more when the hub took more.)
        if entries[number].fate == Fate::SetAside {
            continue;
        }
        let Some(first) = entries[number].records.iter().map(|record| record.first).min() else { continue };
        if first == i64::MAX {
            continue;
        }
        match latest {
            Some((before, place)) if place > first => {
                if entries[before].delivery == entries[number].delivery {
                    findings.order_inside_deliveries += 1;
                } else {
                    findings.order_between_deliveries += 1;
                }
                findings.detail(|| {
                    format!(
                        "{twin}: storm-{number} (delivery {}) appeared at {first}, storm-{before} (delivery {}), which was sent before it, at {place}",
                        entries[number].delivery, entries[before].delivery
                    )
                });
            }
            _ => latest = Some((number, first)),
        }
    }
}

/// Enough to tell whether two texts are equal.
pub fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// The event in a dead letter, as it was sent.
pub fn without_reason(mut letter: serde_json::Value) -> serde_json::Value {
    if let Some(members) = letter.as_object_mut() {
        members.retain(|name, _| {
            !["deadletterreason", "lastdeliveryoutcome", "lastdeliveryattempttime"]
                .contains(&&*name.to_ascii_lowercase())
        });
    }
    letter
}

fn number_and_index(message_id: &str) -> Option<(usize, usize)> {
    let (number, index) = message_id.strip_prefix("storm-")?.split_once('#')?;
    Some((number.parse().ok()?, index.parse().ok()?))
}

#[cfg(test)]
mod tests;

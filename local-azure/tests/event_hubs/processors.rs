//! Event processors: Microsoft's clients as programs that share the partitions of a hub, and take over those of one
//! that dies. What they agree on lies in blobs; who reads meanwhile, the endpoint decides by their owner levels.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Stdio,
};

use local_azure::event_hubs::EventHubs;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::Child,
    sync::watch,
    time::timeout,
};

use crate::{
    HUB,
    clients::SLOW,
    emulator::{ACCOUNT, KEY, azurite, start as start_azurite},
    language::Language,
    raw, start,
};

const PARTITIONS: usize = 4;

/// What all processors of a test have told.
#[derive(Debug, Default)]
struct Told {
    /// The partitions of each processor.
    owned: BTreeMap<usize, BTreeSet<String>>,
    /// The bodies of all events that any of them has seen.
    seen: BTreeSet<String>,
    /// What they had to say about errors, of which some are usual: a partition that is taken is one to its owner.
    complaints: Vec<String>,
}

impl Told {
    fn hear(&mut self, processor: usize, line: &str) {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |member: &str| line[member].as_str().map(str::to_owned);
        let owned = self.owned.entry(processor).or_default();
        owned.extend(text("took"));
        owned.retain(|partition| Some(partition) != text("lost").as_ref());
        self.seen.extend(text("body"));
    }

    /// How many partitions each processor has, if each partition is of exactly one.
    fn shares(&self) -> Option<Vec<usize>> {
        let shares: Vec<_> = self.owned.values().map(BTreeSet::len).collect();
        let all: BTreeSet<_> = self.owned.values().flatten().collect();
        (all.len() == PARTITIONS && shares.iter().sum::<usize>() == PARTITIONS).then_some(shares)
    }
}

/// The processors of a test, and what they need.
struct Processors {
    language: Language,
    hubs: EventHubs,
    _azurite: Child,
    storage: String,
    told: watch::Sender<Told>,
}

impl Processors {
    /// Starts one; `None`, loudly, where the client isn't installed.
    fn start(&self, number: usize) -> Option<Child> {
        let mut command = self.language.script("process_events")?;
        command.args([&self.hubs.connection_string(HUB), &self.storage, "processors"]);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        self.listen(process.stdout.take().unwrap(), move |told, line| told.hear(number, &line));
        self.listen(process.stderr.take().unwrap(), |told, line| told.complaints.push(line));
        Some(process)
    }

    fn listen(
        &self,
        output: impl AsyncRead + Send + Unpin + 'static,
        hear: impl Fn(&mut Told, String) + Send + 'static,
    ) {
        let told = self.told.clone();
        let mut lines = BufReader::new(output).lines();
        tokio::spawn(async move {
            while let Some(line) = lines.next_line().await.unwrap() {
                told.send_modify(|told| hear(told, line));
            }
        });
    }

    /// Kills one, which can't tell any more that it has lost its partitions.
    async fn kill(&self, number: usize, mut process: Child) {
        process.kill().await.unwrap();
        self.told.send_modify(|told| drop(told.owned.remove(&number)));
    }

    async fn wait_until(&self, what: &str, condition: impl Fn(&Told) -> bool) {
        let mut told = self.told.subscribe();
        let met = timeout(SLOW, told.wait_for(|told| condition(told))).await.map(|met| drop(met.unwrap()));
        assert!(met.is_ok(), "{what}: {:?}", self.told.borrow());
    }

    /// Sends an event to each partition, and waits until all have been seen.
    async fn all_see(&self, word: &str) {
        let mut client = raw::Client::authorised(&self.hubs).await;
        let bodies: Vec<_> = (0..PARTITIONS).map(|partition| format!("{word} {partition}")).collect();
        for (partition, body) in bodies.iter().enumerate() {
            let mut link = client.sender(&format!("{HUB}/Partitions/{partition}")).await;
            assert!(raw::send(&mut link, raw::event(body, None)).await.is_accepted());
        }
        self.wait_until(word, |told| bodies.iter().all(|body| told.seen.contains(body))).await;
    }
}

async fn share_and_take_over(language: Language) {
    let (Some(_), Some(program)) = (language.script("process_events"), azurite()) else { return };
    let (azurite, port) = start_azurite(&program).await;
    let blobs = format!("BlobEndpoint=http://127.0.0.1:{port}/{ACCOUNT}");
    let storage = format!("DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};{blobs};");
    let processors = Processors { language, hubs: start(), _azurite: azurite, storage, told: watch::Sender::default() };

    let first = processors.start(1).unwrap();
    processors.wait_until("one has all", |told| told.shares() == Some(vec![PARTITIONS])).await;
    processors.all_see("alone").await;

    let _second = processors.start(2).unwrap();
    processors.wait_until("two share", |told| told.shares() == Some(vec![PARTITIONS / 2; 2])).await;
    processors.all_see("shared").await;

    processors.kill(1, first).await;
    processors.wait_until("the other has all", |told| told.shares() == Some(vec![PARTITIONS])).await;
    processors.all_see("taken over").await;
}

#[tokio::test]
async fn python_shares_and_takes_over() {
    share_and_take_over(Language::Python).await;
}

#[tokio::test]
async fn javascript_shares_and_takes_over() {
    share_and_take_over(Language::JavaScript).await;
}

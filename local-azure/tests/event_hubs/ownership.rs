//! Who may read a partition: one receiver with an owner level, or up to five without.

use fe2o3_amqp::{
    Receiver,
    link::{LinkStateError, ReceiverAttachError, RecvError, receiver::CreditMode},
};
use fe2o3_amqp_types::{
    definitions::{Error, Fields},
    messaging::Body,
    primitives::{Symbol, Value},
};
use local_azure::event_hubs::EventHubs;
use tokio::time::timeout;

use crate::{HUB, TIMEOUT, raw, start};

const STOLEN: &str = "amqp:link:stolen";

/// A receiver on a connection of its own.
struct Reader {
    link: Receiver,
    _client: raw::Client,
}

impl Reader {
    async fn try_attach(hubs: &EventHubs, name: &str, level: Option<i64>, place: &str) -> Result<Self, Error> {
        let mut client = raw::Client::authorised(hubs).await;
        let mut properties = Fields::new();
        properties.insert(Symbol::from("com.microsoft:receiver-name"), Value::String(name.to_owned()));
        if let Some(level) = level {
            properties.insert(Symbol::from("com.microsoft:epoch"), Value::Long(level));
        }
        let attached = Receiver::builder()
            .name(name)
            .source(format!("{HUB}/ConsumerGroups/{place}"))
            .properties(properties)
            .credit_mode(CreditMode::Manual)
            .attach(&mut client.session);
        match timeout(TIMEOUT, attached).await.unwrap() {
            Ok(link) => Ok(Self { link, _client: client }),
            Err(ReceiverAttachError::RemoteClosedWithError(reason)) => Err(reason),
            Err(other) => panic!("{other:?} is no refusal"),
        }
    }

    async fn attach(hubs: &EventHubs, name: &str, level: Option<i64>) -> Self {
        Self::try_attach(hubs, name, level, "$Default/Partitions/0").await.unwrap()
    }

    /// Why such a reader is refused.
    async fn refusal(hubs: &EventHubs, name: &str, level: Option<i64>) -> Error {
        let Err(reason) = Self::try_attach(hubs, name, level, "$Default/Partitions/0").await else {
            panic!("{name} is welcome")
        };
        reason
    }

    async fn receives(&mut self, body: &str) {
        self.link.set_credit(1).await.unwrap();
        let event = timeout(TIMEOUT, self.link.recv::<Body<Value>>()).await.unwrap().unwrap();
        assert_eq!(event.body().try_as_data().unwrap().collect::<Vec<_>>(), [body.as_bytes()]);
        self.link.accept(&event).await.unwrap();
    }

    /// Why this reader has been disconnected.
    async fn loss(mut self) -> Error {
        match timeout(TIMEOUT, self.link.recv::<Body<Value>>()).await.unwrap().unwrap_err() {
            RecvError::LinkStateError(LinkStateError::RemoteClosedWithError(reason)) => reason,
            other => panic!("{other:?} is no reason"),
        }
    }
}

async fn send(hubs: &EventHubs, bodies: &[&str]) {
    let mut client = raw::Client::authorised(hubs).await;
    let mut link = client.sender(&format!("{HUB}/Partitions/0")).await;
    for body in bodies {
        assert!(raw::send(&mut link, raw::event(body, None)).await.is_accepted());
    }
}

fn assert_stolen(reason: &Error, description: &str) {
    assert_eq!(raw::condition(reason), STOLEN);
    let told = reason.description.as_deref().unwrap();
    assert!(told.starts_with(description), "{told}");
}

#[tokio::test]
async fn a_level_as_high_or_higher_takes_the_partition() {
    let hubs = start();
    send(&hubs, &["one", "two"]).await;
    let mut owner = Reader::attach(&hubs, "first", Some(1)).await;
    // With credit for one event and two there, it waits for more.
    owner.receives("one").await;
    for (level, name) in [(1, "second"), (2, "third"), (i64::MAX, "fourth")] {
        let mut next = Reader::attach(&hubs, name, Some(level)).await;
        assert_stolen(&owner.loss().await, &format!("New receiver '{name}' with higher epoch of '{level}' is created"));
        next.receives("one").await;
        owner = next;
    }
}

#[tokio::test]
async fn a_lower_level_and_none_are_refused_as_long_as_the_owner_is_there() {
    let hubs = start();
    send(&hubs, &["one"]).await;
    let mut owner = Reader::attach(&hubs, "owner", Some(7)).await;
    assert_stolen(
        &Reader::refusal(&hubs, "lower", Some(6)).await,
        "Receiver 'owner' with a higher epoch '7' already exists. Receiver 'lower' with epoch 6 cannot be created.",
    );
    assert_stolen(
        &Reader::refusal(&hubs, "none", None).await,
        "At least one receiver for the endpoint is created with epoch of '7', and so non-epoch receiver is not allowed.",
    );
    owner.receives("one").await;

    owner.link.close().await.unwrap();
    let mut lower = Reader::attach(&hubs, "lower", Some(6)).await;
    lower.receives("one").await;
    hubs.faults().cut_connections();
    assert!(hubs.wait_until(TIMEOUT, |hubs| hubs.connections().open == 0).await);
    Reader::attach(&hubs, "none", None).await.receives("one").await;
}

#[tokio::test]
async fn a_reader_with_a_level_sends_those_without_away() {
    let hubs = start();
    let group = [Reader::attach(&hubs, "a", None).await, Reader::attach(&hubs, "b", None).await];
    let _owner = Reader::attach(&hubs, "owner", Some(0)).await;
    for reader in group {
        assert_stolen(&reader.loss().await, "New receiver 'owner' with higher epoch of '0' is created");
    }
}

#[tokio::test]
async fn other_partitions_and_other_groups_have_owners_of_their_own() {
    let hubs = start();
    send(&hubs, &["one"]).await;
    let mut owner = Reader::attach(&hubs, "owner", Some(7)).await;
    for place in ["$Default/Partitions/1", "explorer/Partitions/0"] {
        for level in [None, Some(1)] {
            assert!(Reader::try_attach(&hubs, "other", level, place).await.is_ok(), "{place}");
        }
    }
    owner.receives("one").await;
    // Names are written in any case, and more partitions change nothing for those that there are.
    hubs.add_partitions(HUB, 1);
    assert!(Reader::try_attach(&hubs, "lower", Some(6), "$DEFAULT/Partitions/0").await.is_err());
}

#[tokio::test]
async fn five_may_read_without_a_level() {
    let hubs = start();
    send(&hubs, &["one", "two"]).await;
    let mut readers = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        readers.push(Reader::attach(&hubs, name, None).await);
    }
    for reader in &mut readers {
        reader.receives("one").await;
    }
    let refusal = Reader::refusal(&hubs, "f", None).await;
    assert_eq!(raw::condition(&refusal), "amqp:resource-limit-exceeded");
    assert_eq!(
        refusal.description.as_deref(),
        Some(
            "Exceeded the maximum number of allowed receivers per partition in a consumer group which is 5. List of \
             connected receivers - a, b, c, d, e."
        )
    );

    readers.pop().unwrap().link.close().await.unwrap();
    Reader::attach(&hubs, "f", None).await.receives("one").await;
}

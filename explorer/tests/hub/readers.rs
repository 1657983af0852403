//! Other programs that read the same partition.

use fe2o3_amqp::{
    Connection, Receiver, Session, connection::ConnectionHandle, link::receiver::CreditMode, sasl_profile::SaslProfile,
    session::SessionHandle,
};
use fe2o3_amqp_cbs::{client::CbsClient, token::CbsToken};
use fe2o3_amqp_types::{
    definitions::Fields,
    primitives::{Symbol, Value},
};

use crate::plant::{Plant, has_read, json, says, until};

/// A receiver that has its place, and takes nothing.
struct Reader {
    link: Receiver,
    _session: SessionHandle<()>,
    _connection: ConnectionHandle<()>,
}

impl Reader {
    /// One of the first partition, with an owner level or without.
    async fn attach(plant: &Plant, level: Option<i64>) -> Self {
        let mut connection = Connection::builder()
            .container_id("another")
            .sasl_profile(SaslProfile::Anonymous)
            .open(format!("amqp://{}", plant.hubs.address()).as_str())
            .await
            .unwrap();
        let mut session = Session::begin(&mut connection).await.unwrap();
        let mut tokens = CbsClient::attach(&mut session).await.unwrap();
        tokens.put_token("amqps://localhost/twins", CbsToken::new("any", "jwt", None)).await.unwrap();
        let mut properties = Fields::new();
        if let Some(level) = level {
            properties.insert(Symbol::from("com.microsoft:epoch"), Value::Long(level));
        }
        let link = Receiver::builder()
            .name(format!("another {}", fastrand::u64(..)))
            .source("twins/ConsumerGroups/$Default/Partitions/0")
            .properties(properties)
            .credit_mode(CreditMode::Manual)
            .attach(&mut session)
            .await
            .unwrap();
        Self { link, _session: session, _connection: connection }
    }
}

#[tokio::test]
async fn a_sixth_reader_is_told_whose_place_to_take() {
    let plant = Plant::start();
    plant.send(16, 0..10).await;
    let mut others = Vec::new();
    for _ in 0..5 {
        others.push(Reader::attach(&plant, None).await);
    }
    let explorer = plant.explorer().await;
    says(&explorer, "Five programs read with the consumer group $Default already").await;
    let overview = json(&explorer.url(), "api/overview").await;
    assert_eq!(overview["connection"], "reading", "the other partitions are read");
    let problems: Vec<_> = overview["partitions"].as_array().unwrap().iter().map(|one| &one["problem"]).collect();
    assert!(problems[0].as_str().unwrap().contains("--consumer-group"));
    assert!(problems[1..].iter().all(|problem| problem.is_null()), "{problems:?}");

    others.pop().unwrap().link.close().await.unwrap();
    has_read(&explorer, 160).await;
    until("nothing is wrong any more", || explorer.problem().is_none()).await;
}

#[tokio::test]
async fn a_reader_with_an_owner_level_is_named() {
    let plant = Plant::start();
    plant.send(16, 0..10).await;
    let explorer = plant.explorer().await;
    has_read(&explorer, 160).await;
    let owner = Reader::attach(&plant, Some(1)).await;
    says(&explorer, "has claimed it with an owner level").await;
    owner.link.close().await.unwrap();
    plant.send(16, 10..20).await;
    has_read(&explorer, 320).await;
    until("nothing is wrong any more", || explorer.problem().is_none()).await;
}

//! What is wrong, as the explorer says it; and that it goes on by itself once it is right.

use event_hub_producer::{Access, ConnectionString, SharedAccess, TransportType};
use explorer::Source;
use local_azure::event_hubs::{Reception, TokenAnswer};

use crate::plant::{Plant, explore, has_read, says, until};

#[tokio::test]
async fn a_wrong_key() {
    let plant = Plant::start();
    let mut string = ConnectionString::parse(&plant.hubs.connection_string("twins")).unwrap();
    string.access = SharedAccess::Key { name: "RootManageSharedAccessKey".to_owned(), key: "wrong".to_owned() };
    let explorer = explore(Source { access: Access::ConnectionString(string), ..plant.source() }).await;
    says(&explorer, "The hub twins denies access").await;
    says(&explorer, "Check the key in EVENT_HUB: its policy needs the claim Listen.").await;
}

#[tokio::test]
async fn another_tenant_until_the_login_is_right() {
    let plant = Plant::start();
    plant.send(4, 0..10).await;
    let refusal = |description: &str| TokenAnswer::Refuse { status: 401, description: description.to_owned() };
    plant.hubs.faults().answer_tokens(refusal("InvalidIssuer: Token issuer is invalid."));
    let explorer = plant.explorer().await;
    says(&explorer, "of another tenant than that of 127.0.0.1").await;
    plant.hubs.faults().heal();
    has_read(&explorer, 40).await;
    until("nothing is wrong any more", || explorer.problem().is_none()).await;
}

#[tokio::test]
async fn no_such_group_and_no_such_hub() {
    let plant = Plant::start();
    let no_group = explore(Source { consumer_group: "nobody".to_owned(), ..plant.source() }).await;
    let no_hub = explore(Source { hub: "nothing".to_owned(), ..plant.source() }).await;
    says(&no_group, "The hub twins has no consumer group nobody").await;
    says(&no_hub, "There is no hub nothing in 127.0.0.1").await;
}

#[tokio::test]
async fn nobody_at_the_port_until_there_is() {
    let plant = Plant::start();
    plant.send(4, 0..10).await;
    plant.hubs.pause();
    let explorer = plant.explorer().await;
    says(&explorer, "127.0.0.1 can't be reached on port").await;
    plant.hubs.resume().unwrap();
    has_read(&explorer, 40).await;
}

#[tokio::test]
async fn something_else_than_a_hub_at_the_port() {
    let plant = Plant::start();
    plant.hubs.faults().receive_connections(Reception::Refuse);
    let explorer = plant.explorer().await;
    says(&explorer, "The connection to the hub twins was interrupted").await;
    let web = explore(Source { transport: TransportType::WebSockets, ..plant.source() }).await;
    says(&web, "opens no WebSocket on port").await;
}

#[tokio::test]
async fn a_name_that_leads_nowhere() {
    let plant = Plant::start();
    let access = Access::DeveloperLogin { namespace: "no-such-namespace.invalid".to_owned() };
    let explorer = explore(Source { access, ..plant.source() }).await;
    says(&explorer, "There is no namespace no-such-namespace.invalid").await;
}

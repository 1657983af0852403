//! Starting and stopping.

use local_azure::digital_twins::{Config, DigitalTwins, EventRoute, StartError};
use serde_json::json;
use tokio::net::TcpStream;

use crate::support::{Instance, SENSOR, SOON, interface};

#[tokio::test]
async fn a_stopped_service_listens_no_more_and_its_port_can_be_taken_again() {
    let instance = Instance::with_models().await;
    let address = instance.twins.address();
    instance.create_room("room1").await;
    instance.twins.stop().await;
    assert!(TcpStream::connect(address).await.is_err());
    let again = DigitalTwins::start(Config { listen: address, ..Config::default() }).await.unwrap();
    assert_eq!((again.address(), again.graph().is_empty()), (address, true));
}

#[tokio::test]
async fn a_service_that_waits_for_a_full_endpoint_can_be_stopped() {
    let instance = Instance::start_with(1).await;
    let sensor = interface(SENSOR, json!([]));
    instance.twins.graph().put_models(vec![sensor]).unwrap();
    let twin = json!({"$metadata": {"$model": SENSOR}});
    instance.create("a", twin.clone()).await;
    let url = format!("{}/digitaltwins/b?api-version=2023-10-31", instance.twins.url());
    let waiting = reqwest::Client::builder().no_proxy().build().unwrap().put(url).json(&twin).send();
    let waiting = tokio::spawn(waiting);
    while instance.twins.graph().len() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    tokio::time::timeout(SOON, instance.twins.stop()).await.unwrap();
    assert!(!waiting.is_finished());
}

#[tokio::test]
async fn a_service_that_can_not_do_its_work_does_not_start() {
    let instance = Instance::start().await;
    let taken = Config { listen: instance.twins.address(), ..Config::default() };
    assert!(matches!(DigitalTwins::start(taken).await, Err(StartError::Listen { .. })));
    let route = EventRoute { id: "r".to_owned(), endpoint_name: "none".to_owned(), filter: "true".to_owned() };
    let refused = DigitalTwins::start(Config { routes: vec![route], ..Config::default() }).await.unwrap_err();
    assert_eq!(refused.to_string(), "event route r: There is no endpoint named none. There are: none.");
}

//! What the service refuses, and what clients make of it.

use local_azure::service_bus::{Reception, TokenAnswer};
use serde_json::Value;

use crate::{SUBSCRIPTION, TIMEOUT, TOPIC, held, language::Language, start};

/// What the clients call it when their token is refused.
const REFUSED: [&str; 2] = ["ServiceBusAuthenticationError", "UnauthorizedAccess"];

async fn a_wrong_key_opens_nothing(language: Language) {
    if !language.is_installed() {
        return;
    }
    let bus = start();
    let connection_string = bus.connection_string(TOPIC).replace("SharedAccessKey=", "SharedAccessKey=not-");
    for operation in ["send 1", "complete 1"] {
        let [error] = <[_; 1]>::try_from(language.run_with(&connection_string, operation).await).unwrap();
        assert!(REFUSED.map(Value::from).contains(&error["error"]), "{error}");
    }
    assert_eq!(held(&bus), []);
}

async fn an_entity_that_is_not_there_is_not_found(language: Language) {
    if !language.is_installed() {
        return;
    }
    let bus = start();
    let other = bus.connection_string("other");
    let here = bus.connection_string(TOPIC);
    let cases = [
        (&other, "other", SUBSCRIPTION, "send 1"),
        (&other, "other", SUBSCRIPTION, "complete 1"),
        (&here, TOPIC, "other", "complete 1"),
        (&here, TOPIC, "other", "peek 1"),
    ];
    for (connection_string, topic, subscription, operation) in cases {
        let printed = language.run_at(connection_string, topic, subscription, operation).await;
        let [error] = <[_; 1]>::try_from(printed).unwrap();
        let expected = ["MessagingEntityNotFoundError", "MessagingEntityNotFound"].map(Value::from);
        assert!(expected.contains(&error["error"]), "{topic} {subscription} {operation}: {error}");
    }
}

async fn a_service_in_trouble_heals(language: Language) {
    if !language.is_installed() {
        return;
    }
    let bus = start();
    bus.faults().answer_tokens(TokenAnswer::Refuse { status: 401, description: "no".to_owned() });
    let [error] = <[_; 1]>::try_from(language.run(&bus, "send 1").await).unwrap();
    assert!(REFUSED.map(Value::from).contains(&error["error"]), "{error}");
    bus.faults().heal();
    bus.pause();
    assert!(bus.is_paused());
    assert!(language.run(&bus, "send 1").await[0].get("error").is_some());
    bus.resume().unwrap();
    bus.faults().receive_connections(Reception::Refuse);
    assert!(language.run(&bus, "send 1").await[0].get("error").is_some());
    bus.faults().heal();

    assert_eq!(language.run(&bus, "send 1").await, Vec::<Value>::new());
    assert_eq!(held(&bus).len(), 1);
    assert!(bus.wait_until(TIMEOUT, |bus| bus.connections().open == 0).await);
}

with_each_client! {
    a_wrong_key_opens_nothing,
    an_entity_that_is_not_there_is_not_found,
    a_service_in_trouble_heals,
}

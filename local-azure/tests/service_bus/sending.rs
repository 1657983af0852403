//! What the clients send.

use serde_json::Value;

use crate::{ARCHIVE, TIMEOUT, TOPIC, held, language::Language, start};

async fn every_subscription_gets_every_message(language: Language) {
    if !language.is_installed() {
        return;
    }
    let bus = start();
    for operation in ["send 3", "send-batch 20"] {
        assert_eq!(language.run(&bus, operation).await, Vec::<Value>::new());
    }
    assert_eq!(held(&bus), bus.messages(TOPIC, ARCHIVE));
    let messages = held(&bus);
    let numbers = (0..3).chain(0..20);
    assert_eq!(messages.len(), 23);
    for (index, (number, message)) in numbers.zip(&messages).enumerate() {
        assert_eq!(message.sequence_number, i64::try_from(index).unwrap() + 1);
        assert_eq!(message.message_id, Some(format!("{}-{number}", language.name())));
        assert_eq!(message.content_type.as_deref(), Some("application/json"));
        assert_eq!(serde_json::from_slice::<Value>(&message.body).unwrap()["number"], number);
        assert_eq!(
            (&message.properties["number"], &message.properties["client"]),
            (&number.into(), &language.name().into())
        );
        assert_eq!((message.delivery_count, message.locked_until), (0, None));
    }
    assert!(bus.wait_until(TIMEOUT, |bus| bus.connections().open == 0).await);
}

/// A message that takes many frames, there and back.
async fn a_large_message_arrives_whole(language: Language) {
    if !language.is_installed() {
        return;
    }
    let bus = start();
    assert_eq!(language.run(&bus, "send-large 700000").await, Vec::<Value>::new());
    let [message] = <[_; 1]>::try_from(held(&bus)).unwrap();
    assert!(message.body.len() == 700_000 && message.body.iter().all(|byte| *byte == b'x'));

    let [received] = <[_; 1]>::try_from(language.run(&bus, "complete").await).unwrap();
    assert_eq!(received["body"].as_str().map(str::len), Some(700_000));
    assert_eq!(held(&bus), []);
}

/// The JavaScript client says nothing for a minute after the link is closed.
#[tokio::test]
async fn python_is_refused_a_message_beyond_the_limit() {
    let language = Language::Python;
    if !language.is_installed() {
        return;
    }
    let bus = start();
    let [error] = <[_; 1]>::try_from(language.run(&bus, "send-large 1048576").await).unwrap();
    // That the link is closed is all that this client tells.
    assert_eq!(error["error"], "ServiceBusConnectionError", "{error}");
    assert_eq!(held(&bus), []);
}

with_each_client! {
    every_subscription_gets_every_message,
    a_large_message_arrives_whole,
}

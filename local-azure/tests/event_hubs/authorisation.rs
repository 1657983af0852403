//! Tokens, and links without one.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use hmac::{Hmac, KeyInit, Mac};
use local_azure::event_hubs::{Config, TokenAnswer};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;
use time::OffsetDateTime;
use tokio::time::timeout;

use crate::{
    HUB, TIMEOUT, raw, sdk,
    sdk::{in_time, producer_with, to_partition},
    start,
};

const SAS: &str = "servicebus.windows.net:sastoken";

fn token(resource: &str, seconds: i64) -> String {
    let Config { key_name, key, .. } = Config::default();
    let resource = utf8_percent_encode(resource, NON_ALPHANUMERIC);
    let expiry = OffsetDateTime::now_utc().unix_timestamp() + seconds;
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(format!("{resource}\n{expiry}").as_bytes());
    let signature = BASE64.encode(mac.finalize().into_bytes());
    let signature = utf8_percent_encode(&signature, NON_ALPHANUMERIC);
    format!("SharedAccessSignature sr={resource}&sig={signature}&se={expiry}&skn={key_name}")
}

#[tokio::test]
async fn a_wrong_key_is_refused() {
    let hubs = start();
    let forged = hubs.connection_string(HUB).replace("SharedAccessKey=", "SharedAccessKey=not-");
    let producer = producer_with(&hubs, &forged).await;
    let error = in_time(producer.create_batch(Some(to_partition("0")))).await.err().unwrap();
    let error = format!("{error:?}");
    assert!(error.contains("401") || error.contains("Unauthorized"), "{error}");
    assert!(error.contains("InvalidSignature"), "{error}");
}

#[tokio::test]
async fn a_token_grants_what_it_is_for_and_nothing_else() {
    let hubs = start();
    let mut client = raw::Client::connect(&hubs).await;
    let hub = format!("sb://localhost/{HUB}");
    let partition = format!("{hub}/Partitions/1");

    assert_eq!(client.put_token(SAS, &hub, &token(&hub, -1)).await.0, 401);
    assert_eq!(client.put_token(SAS, &hub, &token(&partition, 60)).await.0, 401);
    assert_eq!(client.put_token(SAS, &hub, "nonsense").await.0, 401);
    assert_eq!(client.put_token("other", &hub, &token(&hub, 60)).await.0, 401);
    let refusal = client.refusal_to_send(HUB).await;
    assert_eq!(raw::condition(&refusal), "amqp:unauthorized-access");

    assert_eq!(client.put_token(SAS, &partition, &token(&hub, 60)).await.0, 202);
    let refusal = client.refusal_to_send(&format!("{HUB}/Partitions/2")).await;
    assert_eq!(raw::condition(&refusal), "amqp:unauthorized-access");
    let mut link = client.sender(&format!("{HUB}/Partitions/1")).await;
    assert!(raw::send(&mut link, raw::event("hello", None)).await.is_accepted());
}

#[tokio::test]
async fn without_a_token_nothing_can_be_received_or_managed() {
    let hubs = start();
    let mut client = raw::Client::connect(&hubs).await;
    let refusal = client.refusal_to_receive(&format!("{HUB}/ConsumerGroups/$Default/Partitions/0")).await;
    assert_eq!(raw::condition(&refusal), "amqp:unauthorized-access");
    assert_eq!(client.ask("$management", &read_hub(HUB, None), serde_amqp::Value::Null).await.0, 401);
}

/// As the .NET client does it, which puts no token to `$cbs` for these requests.
#[tokio::test]
async fn a_request_for_properties_is_judged_by_the_token_in_it() {
    let hubs = start();
    let hub = format!("sb://localhost/{HUB}");
    let management = format!("{hub}/$management");
    let mut stranger = raw::Client::connect(&hubs).await;
    for (token, status) in [
        (token(&hub, 60), 200),
        (token(&management, 60), 200),
        ("a token of a directory".to_owned(), 200),
        (token(&hub, -1), 401),
        (token("sb://localhost/other", 60), 401),
        (token(&hub, 60).replace("&sig=", "&sig=A"), 401),
    ] {
        let question = read_hub(HUB, Some(&token));
        let (answered, description, _) = stranger.ask("$management", &question, serde_amqp::Value::Null).await;
        assert_eq!(answered, status, "{token}: {description}");
    }

    let expired = token(&hub, -1);
    let mut known = raw::Client::authorised(&hubs).await;
    assert_eq!(known.ask("$management", &read_hub(HUB, None), serde_amqp::Value::Null).await.0, 200);
    let question = read_hub(HUB, Some(&expired));
    assert_eq!(known.ask("$management", &question, serde_amqp::Value::Null).await.0, 401);

    hubs.faults().answer_tokens(TokenAnswer::Refuse { status: 503, description: "on demand".to_owned() });
    let good = token(&hub, 60);
    let answer = known.ask("$management", &read_hub(HUB, Some(&good)), serde_amqp::Value::Null).await;
    assert_eq!((answer.0, answer.1.as_str()), (503, "on demand"));
}

fn read_hub<'a>(name: &'a str, token: Option<&'a str>) -> Vec<(&'static str, &'a str)> {
    let read = [("operation", "READ"), ("type", "com.microsoft:eventhub"), ("name", name)];
    read.into_iter().chain(token.map(|token| ("security_token", token))).collect()
}

#[tokio::test]
async fn nodes_that_are_not_there_are_refused() {
    let hubs = start();
    let mut client = raw::Client::connect(&hubs).await;
    assert_eq!(client.put_token("jwt", "amqps://localhost/", "any").await.0, 202);
    assert_eq!(raw::condition(&client.refusal_to_send("other").await), "amqp:not-found");
    assert_eq!(
        raw::condition(&client.refusal_to_send(&format!("{HUB}/Partitions/4")).await),
        "com.microsoft:argument-out-of-range"
    );
    for address in [
        format!("{HUB}/ConsumerGroups/other/Partitions/0"),
        format!("{HUB}/ConsumerGroups/explorer/Partitions/4"),
        HUB.to_owned(),
    ] {
        assert_eq!(raw::condition(&client.refusal_to_receive(&address).await), "amqp:not-found", "{address}");
    }

    let read =
        |kind, name, partition| [("operation", "READ"), ("type", kind), ("name", name), ("partition", partition)];
    for (question, status) in [
        (read("com.microsoft:eventhub", HUB, ""), 200),
        (read("com.microsoft:eventhub", "other", ""), 404),
        (read("com.microsoft:partition", HUB, "3"), 200),
        (read("com.microsoft:partition", HUB, "4"), 404),
        (read("com.microsoft:other", HUB, ""), 400),
    ] {
        let (answered, ..) = client.ask("$management", &question, serde_amqp::Value::Null).await;
        assert_eq!(answered, status, "{question:?}");
    }
}

#[tokio::test]
async fn tokens_can_be_refused_on_demand() {
    let hubs = start();
    for status in [401, 503] {
        hubs.faults().answer_tokens(TokenAnswer::Refuse { status, description: "on demand".to_owned() });
        let producer = sdk::producer(&hubs).await;
        let error = format!("{:?}", in_time(producer.create_batch(None)).await.err().unwrap());
        assert!(error.contains("on demand"), "{error}");
    }
    hubs.faults().answer_tokens(TokenAnswer::Verify);
    let producer = sdk::producer(&hubs).await;
    sdk::send(&producer, &["hello"], to_partition("0")).await;
    assert_eq!(hubs.events(HUB).len(), 1);
}

#[tokio::test]
async fn a_link_is_closed_when_it_is_used_after_its_token_has_expired() {
    let hubs = start();
    let hub = format!("sb://localhost/{HUB}");
    for on_demand in [true, false] {
        let mut client = raw::Client::connect(&hubs).await;
        // An expiry is counted in whole seconds.
        let seconds = if on_demand { 60 } else { 2 };
        assert_eq!(client.put_token(SAS, &hub, &token(&hub, seconds)).await.0, 202);
        let mut link = client.sender(HUB).await;
        assert!(raw::send(&mut link, raw::event("in time", None)).await.is_accepted());

        if on_demand {
            hubs.faults().expire_tokens();
        } else {
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        }
        let _unanswered = link.send_batchable(raw::event("too late", None)).await.unwrap();
        let reason = format!("{:?}", timeout(TIMEOUT, link.on_detach()).await.unwrap());
        assert!(reason.contains("UnauthorizedAccess") && reason.contains("ExpiredToken"), "{reason}");

        assert_eq!(client.put_token(SAS, &hub, &token(&hub, 60)).await.0, 202);
        let mut link = client.sender(&format!("{HUB}/Partitions/0")).await;
        assert!(raw::send(&mut link, raw::event("renewed", None)).await.is_accepted());
    }
    assert!(hubs.events(HUB).iter().all(|event| event.text() != "too late"));
}

#[tokio::test]
async fn a_token_that_is_renewed_in_time_keeps_its_links() {
    let hubs = start();
    let hub = format!("sb://localhost/{HUB}");
    let mut client = raw::Client::connect(&hubs).await;
    assert_eq!(client.put_token(SAS, &hub, &token(&hub, 60)).await.0, 202);
    let mut link = client.sender(HUB).await;
    hubs.faults().expire_tokens();
    assert_eq!(client.put_token(SAS, &hub, &token(&hub, 60)).await.0, 202);
    assert!(raw::send(&mut link, raw::event("hello", None)).await.is_accepted());
}

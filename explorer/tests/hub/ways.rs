//! The ways to a hub: plain, TLS, WebSockets; a key or an identity.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::{
    TIMEOUT,
    plant::{Plant, json},
    program::Program,
    relay::Relay,
};

/// The connection string of a hub behind a relay, as one of Azure: without the flag of the emulator.
fn through(plant: &Plant, relay: &Relay) -> String {
    let string = plant.hubs.connection_string("twins").replace("UseDevelopmentEmulator=true", "");
    string.replace(&plant.hubs.address().to_string(), &format!("localhost:{}", relay.address.port()))
}

async fn has_read(program: &Program, records: u64) {
    let waiting = async {
        loop {
            let overview = json(&program.url, "api/overview").await;
            // The producer sends again what a busy machine was too slow to answer.
            let [read, repeats] = ["records", "repeats"].map(|name| overview[name].as_u64().unwrap());
            if overview["behind"] == 0 && read - repeats == records {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(TIMEOUT, waiting).await.unwrap();
}

#[tokio::test]
async fn tls_with_a_certificate_that_is_trusted_and_one_that_is_not() {
    let plant = Plant::start();
    plant.send(8, 0..10).await;
    let relay = Relay::start(plant.hubs.address(), true, false).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    relay.write_certificate(&path);
    let string = through(&plant, &relay);
    let environment = [("EVENT_HUB", &*string), ("SSL_CERT_FILE", path.to_str().unwrap())];
    let trusted = Program::start(&[], &environment).await;
    has_read(&trusted, 80).await;

    let other = Relay::start(plant.hubs.address(), true, false).await;
    other.write_certificate(&path);
    let mut untrusted = Program::start(&[], &environment).await;
    untrusted.says("The certificate of localhost is not trusted").await;
}

#[tokio::test]
async fn web_sockets_within_tls_and_plain() {
    let plant = Plant::start();
    plant.send(8, 0..10).await;
    let relay = Relay::start(plant.hubs.address(), true, true).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    relay.write_certificate(&path);
    let string = through(&plant, &relay);
    let environment = [("EVENT_HUB", &*string), ("SSL_CERT_FILE", path.to_str().unwrap())];
    let secured = Program::start(&["--transport", "web-sockets"], &environment).await;
    has_read(&secured, 80).await;
    // Large events, in many frames each, and while they come.
    plant.send(8, 10..2_000).await;
    has_read(&secured, 8 * 2_000).await;

    let relay = Relay::start(plant.hubs.address(), false, true).await;
    let string = through(&plant, &relay) + "UseDevelopmentEmulator=true";
    let plain = Program::start(&["--transport", "web-sockets"], &[("EVENT_HUB", &string)]).await;
    has_read(&plain, 8 * 2_000).await;
}

#[tokio::test]
async fn an_identity_without_a_login_is_told_to_log_in() {
    let plant = Plant::start();
    let relay = Relay::start(plant.hubs.address(), true, false).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    relay.write_certificate(&path);
    let namespace = format!("localhost:{}", relay.address.port());
    let environment = [
        ("EVENT_HUB__fullyQualifiedNamespace", &*namespace),
        ("EVENT_HUB_NAME", "twins"),
        ("SSL_CERT_FILE", path.to_str().unwrap()),
        ("PATH", folder.path().to_str().unwrap()),
    ];
    let mut program = Program::start(&[], &environment).await;
    program.says("There is no login to show to localhost").await;
}

//! An endpoint is asked before it gets anything, and asked again until it agrees.

use local_azure::event_grid::{Endpoint, Handshake, Schema, Subscription};
use tokio::net::TcpSocket;

use crate::support::{Agreement, Answer, SCHEMAS, Topic, Webhook, subscription};

#[tokio::test]
async fn event_grid_sends_a_code_and_wants_it_back() {
    let webhook = Webhook::start(&[Answer::Status(200)]).await;
    let topic = Topic::start(Schema::EventGrid, subscription(&webhook), |_| {}).await;
    topic.until(|subscription| subscription.handshake == Handshake::Done).await;

    let [asked] = webhook.handshakes().try_into().unwrap();
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/hook?code=secret"));
    assert_eq!(asked.header("aeg-event-type"), Some("SubscriptionValidation"));
    assert_eq!(asked.header("aeg-subscription-name"), Some("TO-THE-HOOK"));
    assert_eq!(asked.header("content-type"), Some("application/json; charset=utf-8"));
    let event = &asked.json()[0];
    assert_eq!(event["eventType"], "Microsoft.EventGrid.SubscriptionValidationEvent");
    assert!(event["topic"].as_str().unwrap().contains("/providers/Microsoft.EventGrid/topics/"));
    assert!(webhook.received().is_empty());
}

#[tokio::test]
async fn cloud_events_ask_for_an_origin_to_be_allowed() {
    let webhook = Webhook::start(&[Answer::Status(200)]).await;
    let topic = Topic::start(Schema::CloudEvents, subscription(&webhook), |_| {}).await;
    topic.until(|subscription| subscription.handshake == Handshake::Done).await;

    let [asked] = webhook.handshakes().try_into().unwrap();
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("OPTIONS", "/hook?code=secret"));
    assert_eq!(asked.header("webhook-request-origin"), Some("eventgrid.azure.net"));
    assert_eq!(asked.body, "");
}

#[tokio::test]
async fn only_a_webhook_is_told_where_it_could_agree_later() {
    for schema in SCHEMAS {
        for told in [false, true] {
            let webhook = Webhook::start(&[Answer::Status(200)]).await;
            let endpoint = if told { Endpoint::WebHook } else { Endpoint::AzureFunction };
            let subscription = Subscription::to("to-the-hook", endpoint(webhook.url()));
            let topic = Topic::start(schema, subscription, |_| {}).await;
            topic.until(|subscription| subscription.handshake == Handshake::Done).await;

            let [asked] = webhook.handshakes().try_into().unwrap();
            let url = match schema {
                Schema::EventGrid => asked.json()[0]["data"]["validationUrl"].as_str().map(str::to_owned),
                Schema::CloudEvents => asked.header("webhook-request-callback").map(str::to_owned),
            };
            assert_eq!(url.is_some(), told, "{schema:?} {url:?}");
            assert!(url.iter().all(|url| url.contains(".invalid:553/eventsubscriptions/to-the-hook/validate?id=")));
        }
    }
}

#[tokio::test]
async fn an_endpoint_that_refuses_is_asked_again_and_gets_nothing_before() {
    for schema in SCHEMAS {
        let refusals = [Agreement::Status(500), Agreement::Status(404), Agreement::Empty, Agreement::Wrong];
        let webhook =
            Webhook::with_agreements(&[Answer::Status(200)], &[&refusals[..], &[Agreement::Yes]].concat()).await;
        let topic = Topic::start(schema, subscription(&webhook), |config| config.time_scale = 0.01).await;
        topic.publish(&["a"]).await;
        let refused = topic
            .until(
                |subscription| matches!(&subscription.handshake, Handshake::Pending { attempts, .. } if *attempts > 0),
            )
            .await;
        let Handshake::Pending { problem: Some(problem), .. } = refused.handshake else { panic!("{refused:?}") };
        assert!(problem.contains(&format!("http://{}/hook answered", webhook.address)), "{problem}");
        let shown = format!("{:?} {:?} {problem}", topic.grid, subscription(&webhook));
        assert!(!shown.contains("secret"), "{shown}");

        webhook.deliveries(1).await;
        assert_eq!(webhook.handshakes().len(), refusals.len() + 1, "{schema:?}");
        assert!(webhook.handshakes().iter().all(|handshake| handshake.at <= webhook.received()[0].at));
    }
}

#[tokio::test]
async fn accepted_is_not_agreed() {
    let agreements = [Agreement::Status(202), Agreement::Yes];
    let webhook = Webhook::with_agreements(&[Answer::Status(200)], &agreements).await;
    let topic = Topic::start(Schema::EventGrid, subscription(&webhook), |_| {}).await;
    topic.until(|subscription| subscription.handshake == Handshake::Done).await;
    assert_eq!(webhook.handshakes().len(), 2);
}

#[tokio::test]
async fn an_endpoint_may_come_later() {
    // A port that belongs to this test, but to which nobody can connect yet.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}/hook", socket.local_addr().unwrap());
    let topic = Topic::start(Schema::EventGrid, Subscription::new("late", url), |_| {}).await;
    topic.publish(&["a", "b"]).await;
    let waiting = topic
        .until(|it| it.queued == 2 && matches!(it.handshake, Handshake::Pending { attempts, .. } if attempts > 3))
        .await;
    assert!(format!("{:?}", waiting.handshake).contains("can't be reached"), "{waiting:?}");

    let webhook = Webhook::on(socket.listen(16).unwrap(), &[Answer::Status(200)], &[Agreement::Yes]);
    let delivered = topic.until(|subscription| subscription.delivered == 2 && subscription.held() == 0).await;
    assert_eq!((delivered.handshake, delivered.failed_attempts), (Handshake::Done, 0));
    assert_eq!(webhook.received().len(), 2);
}

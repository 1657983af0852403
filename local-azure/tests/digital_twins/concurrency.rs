//! Many changes at once.

use std::collections::HashMap;
use std::sync::Arc;

use futures::future::join_all;
use local_azure::digital_twins::{Error, Precondition};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Instance, SENSOR};

fn battery(value: usize) -> serde_json::Value {
    json!([{"op": "add", "path": "/battery", "value": value}])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_match_the_same_etag_one_wins() {
    let mut instance = Instance::with_models().await;
    let mut etag = instance.create("s1", json!({"$metadata": {"$model": SENSOR}})).await["$etag"].clone();
    instance.told();
    for round in 0..10 {
        let condition = [("if-match", etag.as_str().unwrap())];
        let attempts = (0..8).map(|number| {
            instance.send_with(Method::PATCH, "/digitaltwins/s1", &condition, Some(battery(10 * round + number)))
        });
        let replies = join_all(attempts).await;
        let winners: Vec<_> = replies.iter().filter(|reply| reply.status == StatusCode::NO_CONTENT).collect();
        assert_eq!(winners.len(), 1);
        let losers = replies.iter().filter(|reply| reply.status == StatusCode::PRECONDITION_FAILED);
        assert_eq!(losers.count(), 7);
        etag = json!(winners[0].etag);
    }
    assert_eq!(instance.told().len(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_changes_of_a_twin_are_told_in_the_order_in_which_they_were_made() {
    // Endpoints that are nearly always full make every change wait, and would let others overtake it.
    let mut instance = Instance::start_with(1).await;
    let graph = Arc::clone(instance.twins.graph());
    graph.delete_event_route("all-2").unwrap();
    let sensor = crate::support::interface(SENSOR, json!([{"@type": "Property", "name": "battery", "schema": "long"}]));
    graph.put_models(vec![sensor]).unwrap();
    let twins = ["a", "b", "c"];
    let changes = 100;
    let reading = tokio::spawn(async move {
        let mut told: HashMap<String, Vec<u64>> = HashMap::new();
        for _ in 0..twins.len() * (changes + 1) {
            let event = instance.next_event_grid_event().await;
            let numbers = told.entry(event["subject"].as_str().unwrap().to_owned()).or_default();
            numbers.extend(event["data"]["data"]["patch"][0]["value"].as_u64());
        }
        (instance, told)
    });
    for twin in twins {
        graph.put_twin(twin, json!({"$metadata": {"$model": SENSOR}}), Precondition::Absent).await.unwrap();
    }
    // What was made when is decided by etags: each change is made on the one before, by whoever comes first.
    let workers = twins.iter().flat_map(|twin| (0..4).map(move |_| *twin)).map(|twin| {
        let graph = Arc::clone(&graph);
        tokio::spawn(async move {
            loop {
                let current = graph.get_twin(twin).unwrap();
                let next = current["battery"].as_u64().map_or(0, |battery| battery + 1);
                if next == changes as u64 {
                    return;
                }
                let condition = Precondition::Matches(vec![current["$etag"].as_str().unwrap().to_owned()]);
                match graph.update_twin(twin, battery(usize::try_from(next).unwrap()), condition).await {
                    Ok(_) | Err(Error::PreconditionFailed(_)) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        })
    });
    for worker in join_all(workers).await {
        worker.unwrap();
    }
    let (_instance, told) = reading.await.unwrap();
    for twin in twins {
        assert!(told[twin].iter().copied().eq(0..changes as u64), "{twin}: {:?}", told[twin]);
    }
}

#[tokio::test]
async fn a_change_waits_for_a_full_endpoint_and_readers_do_not() {
    let mut instance = Instance::start_with(1).await;
    let graph = Arc::clone(instance.twins.graph());
    graph.delete_event_route("all-2").unwrap();
    graph.put_models(vec![crate::support::interface(SENSOR, json!([]))]).unwrap();
    let twin = || json!({"$metadata": {"$model": SENSOR}});
    graph.put_twin("a", twin(), Precondition::None).await.unwrap();

    let mut waiting = started(graph.put_twin("a", twin(), Precondition::None));
    assert!(waiting.is_pending());
    let seen = graph.get_twin("a").unwrap();
    instance.next_event_grid_event().await;
    assert_eq!(waiting.finish().await.unwrap(), seen);
    instance.next_event_grid_event().await;
}

#[tokio::test]
async fn a_change_is_told_even_if_its_client_hangs_up() {
    let mut instance = Instance::start_with(1).await;
    let graph = Arc::clone(instance.twins.graph());
    graph.delete_event_route("all-2").unwrap();
    graph.put_models(vec![crate::support::interface(SENSOR, json!([]))]).unwrap();
    let twin = json!({"$metadata": {"$model": SENSOR}});
    graph.put_twin("a", twin.clone(), Precondition::None).await.unwrap();

    let mut client = TcpStream::connect(instance.twins.address()).await.unwrap();
    let body = twin.to_string();
    let head = "PUT /digitaltwins/b?api-version=2023-10-31 HTTP/1.1\r\nhost: local\r\n";
    let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    client.write_all(request.as_bytes()).await.unwrap();
    until(|| graph.get_twin("b").is_ok()).await;
    client.shutdown().await.unwrap();
    // The service has seen that when it hangs up too.
    assert_eq!(client.read_to_end(&mut Vec::new()).await.unwrap(), 0);
    assert_eq!(instance.next_event_grid_event().await["subject"], "a");
    assert_eq!(instance.next_event_grid_event().await["subject"], "b");
}

/// Waits until a condition holds that nothing announces.
async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}

/// A future that is looked at before it is waited for.
struct Started<F>(std::pin::Pin<Box<F>>);

fn started<F: Future>(future: F) -> Started<F> {
    Started(Box::pin(future))
}

impl<F: Future> Started<F> {
    /// Lets it run as far as it can.
    fn is_pending(&mut self) -> bool {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        self.0.as_mut().poll(&mut context).is_pending()
    }

    async fn finish(self) -> F::Output {
        self.0.await
    }
}

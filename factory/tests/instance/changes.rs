//! What happens in the factory reaches the instance.

use std::{collections::BTreeMap, time::Duration};

use factory::{Change, LAB, Production, Simulator};
use local_azure::digital_twins::{Precondition, Trouble};
use reqwest::StatusCode;
use serde_json::Value;
use tokio::time::timeout;

use crate::support::{SOON, Site, kind};

/// What was told, or is to be, of each twin; times are of no matter.
type Histories = BTreeMap<String, Vec<Value>>;

fn note(histories: &mut Histories, twin: &str, mut data: Value) {
    for operation in data.as_array_mut().into_iter().flatten() {
        if operation["path"].as_str().unwrap().ends_with("sourceTime") {
            operation["value"].take();
        }
    }
    histories.entry(twin.to_owned()).or_default().push(data);
}

/// Though requests are under way side by side, and some are put off.
#[tokio::test]
async fn the_changes_of_a_twin_come_in_order() {
    const TWINS: usize = 200;
    const ROUNDS: usize = 10;
    let mut site = Site::with_factory(TWINS).await;
    let mut simulator = Simulator::new(TWINS, 7);
    let mut expected = Histories::new();
    for _ in 0..ROUNDS * simulator.steps() {
        match simulator.next("") {
            Change::Patch { twin, patch } => note(&mut expected, &twin, patch),
            Change::Telemetry { twin, message } => note(&mut expected, &twin, message),
        }
    }

    let mut production = Production::new(&site.instance, TWINS, 7);
    let tally = production.tally();
    let put_off = Trouble { status: StatusCode::TOO_MANY_REQUESTS, retry_after: Some(Duration::ZERO) };
    let working = async {
        for _ in 0..ROUNDS {
            site.twins.faults().answer_next(20, put_off);
            production.round().await;
        }
        production.finish().await;
    };
    timeout(SOON, working).await.unwrap();
    assert_eq!((tally.made(), tally.refused(), tally.problem()), ((ROUNDS * simulator.steps()) as u64, 0, None));
    assert_eq!(site.twins.faults().left(), 0);

    let mut found = Histories::new();
    for mut told in site.told() {
        if kind(&told) == "Twin.Update" {
            let twin = told["subject"].as_str().unwrap().to_owned();
            note(&mut found, &twin, told["data"]["data"]["patch"].take());
        } else {
            let twin = told["subject"].as_str().unwrap().to_owned();
            note(&mut found, &twin, told["data"]["data"].take());
        }
    }
    assert_eq!(found.len(), simulator.steps());
    for (twin, history) in &expected {
        assert_eq!(found.get(twin), Some(history), "{twin}");
    }
}

#[tokio::test]
async fn the_steps_report_until_they_are_stopped() {
    let mut site = Site::with_factory(LAB).await;
    let mut production = Production::new(&site.instance, LAB, 1);
    let tally = production.tally();
    let enough = async {
        while tally.made() < 100 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        () = production.run(1000.0) => {}
        enough = timeout(SOON, enough) => enough.unwrap(),
    }
    timeout(SOON, production.finish()).await.unwrap();
    assert_eq!(site.told().len() as u64, tally.made());
}

#[tokio::test]
async fn a_change_of_a_twin_that_is_gone_is_left_out() {
    let mut site = Site::with_factory(LAB).await;
    site.graph()
        .delete_relationship("ProductionLine", "ProductionLine runs FanningStep", Precondition::None)
        .await
        .unwrap();
    site.graph().delete_twin("FanningStep", Precondition::None).await.unwrap();
    site.told();
    let mut production = Production::new(&site.instance, LAB, 1);
    let tally = production.tally();
    production.round().await;
    timeout(SOON, production.finish()).await.unwrap();
    assert_eq!((tally.made(), tally.refused(), site.told().len()), (2, 1, 2));
    let problem = tally.problem().unwrap();
    assert!(problem.contains("PATCH /digitaltwins/FanningStep (404 Not Found DigitalTwinNotFound)"), "{problem}");
}

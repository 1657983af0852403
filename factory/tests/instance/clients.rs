//! Microsoft's client for Python, which `tests/clients/install.sh` puts in place, reads what was uploaded.

use std::{collections::BTreeMap, path::Path};

use serde_json::{Value, json};
use tokio::{process::Command, time::timeout};

use crate::support::{SOON, Site};

#[tokio::test]
async fn the_python_client_reads_the_factory() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let venv = root.join("target/clients/venv");
    if !venv.join("installed.txt").exists() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "the Python clients are not installed");
        eprintln!("SKIPPED: the Python clients are not installed; tests/clients/install.sh does that");
        return;
    }
    let site = Site::with_factory(60).await;
    let mut command = Command::new(venv.join("bin/python"));
    command.arg(root.join("tests/clients/read_graph.py")).arg(site.twins.url()).kill_on_drop(true);
    let output = timeout(SOON, command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();

    let models: BTreeMap<_, _> = factory::models().into_iter().map(|model| (model["@id"].to_string(), model)).collect();
    let found = read["models"].as_array().unwrap().iter().map(|model| (model["@id"].to_string(), model.clone()));
    assert_eq!(found.collect::<BTreeMap<_, _>>(), models);

    let twins = read["twins"].as_object().unwrap();
    assert_eq!(twins.len(), 60);
    for twin in factory::twins(60) {
        let found = &twins[&*twin.id];
        for (name, value) in twin.body.as_object().unwrap() {
            match name.as_str() {
                "$metadata" => assert_eq!(found[name]["$model"], value["$model"]),
                "CoolingTunnel" => assert_eq!(found[name]["AirTemperature"], value["AirTemperature"]),
                _ => assert_eq!(&found[name], value, "{} {name}", twin.id),
            }
        }
    }
    let relationships = factory::relationships(60).into_iter().map(|one| {
        json!([one.source.to_string(), one.id, one.body["$relationshipName"], one.body["$targetId"]]).to_string()
    });
    let mut relationships: Vec<_> = relationships.collect();
    relationships.sort();
    let mut found: Vec<_> = read["relationships"].as_array().unwrap().iter().map(Value::to_string).collect();
    found.sort();
    assert_eq!(found, relationships);
}

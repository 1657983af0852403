//! `cargo local --once`, as a newcomer runs it.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::process::Command;

use serde_json::Value;

#[test]
fn once_prints_the_records_of_the_sample_as_a_consumer_reads_them() {
    let output = Command::new(env!("CARGO_BIN_EXE_local-azure")).arg("--once").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    for word in ["UseDevelopmentEmulator=true", "/runtime/webhooks/EventGrid?functionName=function", "dead-letter"] {
        assert!(text.contains(word), "{word} is printed:\n{text}");
    }
    let records: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let keys: Vec<_> =
        records.iter().filter(|record| record["Id"] == "FanningStep").map(|record| &record["Key"]).collect();
    assert_eq!(keys, ["Roaster.FanSpeed", "Roaster.RoastingTime", "Alarm"]);
    assert_eq!(records.len(), 8);
}

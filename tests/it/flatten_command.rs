//! `twin-bridge flatten`, as people use it in a shell.

use std::process::{Output, Stdio};

use tokio::io::AsyncWriteExt;

use crate::handler::{command, update};

async fn flatten(input: &str, settings: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut child = command()
        .arg("flatten")
        .args(arguments)
        .envs(settings.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that has read enough closes its end.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    child.wait_with_output().await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn prints_the_records_one_a_line() {
    let event = update("e", "t", &[("/o", serde_json::json!({"x": [1, 2], "y": 2}))]);
    let pretty = serde_json::to_string_pretty(&event).unwrap();
    let expected = r#"{"TimeStamp":"2021-12-09T20:28:52.9795363Z","Id":"t","ModelId":"dtmi:example:step;1","Key":"o.x","Value":[1,2],"Action":"Update","EventId":"e#0"}
{"TimeStamp":"2021-12-09T20:28:52.9795363Z","Id":"t","ModelId":"dtmi:example:step;1","Key":"o.y","Value":2,"Action":"Update","EventId":"e#1"}
"#;
    for input in [pretty.clone(), format!("[{event}]"), format!("{event}\n")] {
        for arguments in [&[][..], &["-"]] {
            let output = flatten(&input, &[], arguments).await;
            assert_eq!((output.status.code(), &*text(&output.stdout), &*text(&output.stderr)), (Some(0), expected, ""));
        }
    }
}

#[tokio::test]
async fn honours_the_settings_that_shape_records() {
    let event = update("e", "t", &[("/o", serde_json::json!({"x": 1}))]).to_string();
    let output = flatten(&event, &[("OBJECT_VALUES", "keep"), ("SERVICE_ID", "adt.example")], &[]).await;
    let line = text(&output.stdout);
    assert!(line.contains(r#""ServiceId":"adt.example""#) && line.contains(r#""Key":"o","Value":{"x":1}"#), "{line}");
    let refused = flatten(&event, &[("OBJECT_VALUES", "both")], &[]).await;
    assert_eq!(refused.status.code(), Some(64));
}

#[tokio::test]
async fn names_bad_events_and_goes_on() {
    let good = update("e", "t", &[("/a", serde_json::json!(1))]);
    let output = flatten(&format!("{good}\nnonsense\n[5,{good}]\n"), &[], &[]).await;
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stdout).lines().count(), 2);
    let reasons = text(&output.stderr);
    assert!(
        reasons.contains("event 1: It is not JSON") && reasons.contains("event 2: The event is not a JSON object."),
        "{reasons}"
    );
}

#[tokio::test]
async fn reads_a_file_and_says_when_it_can_not() {
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/notifications/twin-update.cloudevents.json");
    let output = flatten("", &[], &[fixture]).await;
    assert!(output.status.success() && text(&output.stdout).contains(r#""Key":"room","Value":"new name""#));
    let missing = flatten("", &[], &["no-such-file.json"]).await;
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).starts_with("error: "));
}

#[tokio::test]
async fn a_reader_that_has_enough_is_no_error() {
    let event = update("e", "t", &[("/a", serde_json::json!(1))]).to_string();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{event}\n").repeat(10_000)).unwrap();
    let script = format!(
        "'{}' flatten '{}' | head -n 1; exit ${{PIPESTATUS[0]}}",
        env!("CARGO_BIN_EXE_twin-bridge"),
        file.path().display()
    );
    let output = tokio::process::Command::new("bash").args(["-c", &script]).output().await.unwrap();
    assert_eq!((output.status.code(), &*text(&output.stderr)), (Some(0), ""));
    assert_eq!(text(&output.stdout).lines().count(), 1);
}

use crate::*;
use std::{process::Stdio, time::Duration};
use tokio::process::Command;
#[tokio::test]
async fn dotnet() {
    let bus = start();
    let output = Command::new("/work/shared/bin/azure-dotnet")
        .args(["servicebus", &bus.connection_string(TOPIC), TOPIC, SUBSCRIPTION])
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    println!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{:?}", bus.connections());
    assert!(output.status.success());
}

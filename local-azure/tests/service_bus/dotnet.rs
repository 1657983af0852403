//! Microsoft's .NET client, in a program of its own that checks this and that of an endpoint. It is no part of this
//! repository, and used where it is installed.

use std::process::Stdio;

use tokio::{process::Command, time::timeout};

use crate::{SUBSCRIPTION, TIMEOUT, TOPIC, dead, held, skipped, start};

const PROGRAM: &str = "azure-dotnet";

#[tokio::test]
async fn all_its_checks_hold() {
    let bus = start();
    let mut command = Command::new(PROGRAM);
    command.arg("servicebus").arg(bus.connection_string(TOPIC)).args([TOPIC, SUBSCRIPTION]);
    let output = match timeout(TIMEOUT * 3, command.stdin(Stdio::null()).kill_on_drop(true).output()).await.unwrap() {
        Ok(output) => output,
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => {
            return skipped("azure-dotnet, which checks endpoints with Microsoft's .NET client, is not on the PATH");
        }
        Err(error) => panic!("{error}"),
    };
    let printed = String::from_utf8_lossy(&output.stdout);
    println!("{printed}");
    assert!(output.status.success(), "{printed}");
    assert_eq!((held(&bus).len(), dead(&bus).len()), (0, 0));
    assert!(bus.wait_until(TIMEOUT, |bus| bus.connections().open == 0).await);
    assert_eq!(bus.connections().closed_cleanly, bus.connections().opened);
}

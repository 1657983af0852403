//! Microsoft's .NET client, as a program that is not built here and may be absent. It prints a line for each of its
//! checks, those that hold beginning with `ok`.

use std::{io::Write, process::Stdio, time::Duration};

use tokio::{process::Command, time::timeout};

use crate::{HUB, start};

/// Two processors share their partitions in half a minute.
const LIMIT: Duration = Duration::from_secs(180);

#[tokio::test]
async fn all_checks_hold() {
    let hubs = start();
    let mut command = Command::new("azure-dotnet");
    command.args(["eventhubs", &hubs.connection_string(HUB)]).stdin(Stdio::null()).kill_on_drop(true);
    let Ok(output) = timeout(LIMIT, command.output()).await.unwrap() else {
        // Past the capturing of test output, and in one piece, since tests run side by side.
        let why = b"SKIPPED: the .NET client checked nothing: there is no azure-dotnet on the PATH.\n";
        std::io::stderr().write_all(why).unwrap();
        return;
    };
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(printed.lines().filter(|line| line.starts_with("ok")).count(), 12, "{printed}");
}

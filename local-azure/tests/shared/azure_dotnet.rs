//! Microsoft's .NET client, as a program that is not built here and may be absent. It prints a line for each of its
//! checks of an endpoint, those that hold beginning with `ok`.

use std::{io::ErrorKind, process::Stdio, time::Duration};

use tokio::{process::Command, time::timeout};

use crate::skipped::skipped;

/// Two processors share their partitions in half a minute.
const LIMIT: Duration = Duration::from_secs(180);

/// What it prints when all checks hold; `None`, loudly, where it isn't installed.
pub(crate) async fn checks_hold(arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("azure-dotnet");
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let output = match timeout(LIMIT, command.output()).await.unwrap() {
        Ok(output) => output,
        Err(missing) if missing.kind() == ErrorKind::NotFound => {
            skipped("the .NET client checked nothing: there is no azure-dotnet on the PATH.");
            return None;
        }
        Err(error) => panic!("{error}"),
    };
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    Some(printed)
}

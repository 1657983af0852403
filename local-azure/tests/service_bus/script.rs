//! The scripts that use Microsoft's Python and JavaScript clients, run against an endpoint.

use std::process::Stdio;

use local_azure::service_bus::ServiceBus;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout},
    time::timeout,
};

use crate::{SUBSCRIPTION, TIMEOUT, TOPIC, language::Language};

/// Its name in `tests/clients`, in both languages.
const SCRIPT: &str = "service_bus";

impl Language {
    /// Whether its client is installed; loudly, where not.
    pub(crate) fn is_installed(self) -> bool {
        self.script(SCRIPT).is_some()
    }

    /// Runs the script to its end and gives what it printed.
    pub(crate) async fn run(self, bus: &ServiceBus, arguments: &str) -> Vec<Value> {
        self.run_with(&bus.connection_string(TOPIC), arguments).await
    }

    /// The same with another connection string.
    pub(crate) async fn run_with(self, connection_string: &str, arguments: &str) -> Vec<Value> {
        self.run_at(connection_string, TOPIC, SUBSCRIPTION, arguments).await
    }

    /// The same with other entities.
    pub(crate) async fn run_at(
        self,
        connection_string: &str,
        topic: &str,
        subscription: &str,
        arguments: &str,
    ) -> Vec<Value> {
        let mut command = self.script(SCRIPT).unwrap();
        command.arg(connection_string).args([topic, subscription]).args(arguments.split(' '));
        let output = timeout(TIMEOUT, command.output()).await.unwrap().unwrap();
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?} failed: {complaints}");
        let printed = String::from_utf8(output.stdout).unwrap();
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Starts the script, which then waits to hear more.
    pub(crate) fn start(self, bus: &ServiceBus, arguments: &str) -> Running {
        let mut command = self.script(SCRIPT).unwrap();
        command.arg(bus.connection_string(TOPIC)).args([TOPIC, SUBSCRIPTION]).args(arguments.split(' '));
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Running { process, input, output: BufReader::new(output).lines() }
    }
}

/// A script that has not come to its end.
pub(crate) struct Running {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Running {
    /// Waits for the next line that it prints.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        let line = timeout(TIMEOUT, self.output.next_line()).await.unwrap().unwrap();
        line.map(|line| serde_json::from_str(&line).unwrap())
    }

    /// Lets it go on to its end, and gives the rest of what it printed.
    pub(crate) async fn finish(mut self) -> Vec<Value> {
        // One that has nothing to wait for may be gone.
        let _ = self.input.write_all(b"\n").await;
        let mut printed = Vec::new();
        while let Some(line) = self.next().await {
            printed.push(line);
        }
        assert!(timeout(TIMEOUT, self.process.wait()).await.unwrap().unwrap().success());
        printed
    }
}

//! Azurite, Microsoft's storage emulator, and their Python client to look into it.

use std::{path::PathBuf, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
};

use crate::{repository::root, skipped::skipped};

pub const ACCOUNT: &str = "devstoreaccount1";
pub const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

pub struct Azurite {
    _process: Child,
    /// The Blob service's address for the account.
    pub endpoint: String,
}

impl Azurite {
    /// Starts it on a port of its choice, with options on top. `None`, loudly, where it is not installed.
    pub async fn start(options: &[&str]) -> Option<Self> {
        let program = clients().join("node_modules/.bin/azurite-blob");
        if !program.exists() || !python().exists() {
            assert!(std::env::var_os("CI").is_none(), "in CI Azurite must be installed: tests/clients/install.sh");
            skipped("no dead letter went through Azurite. Run tests/clients/install.sh to install it.");
            return None;
        }
        let mut process = Command::new(program)
            .args(["--silent", "--skipApiVersionCheck", "--disableTelemetry", "--inMemoryPersistence"])
            .args(["--blobHost", "127.0.0.1", "--blobPort", "0"])
            .args(options)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = loop {
            let line = lines.next_line().await.unwrap().expect("Azurite listens");
            if let Some((_, address)) = line.split_once("listens on ") {
                break address.to_owned();
            }
        };
        // It writes on for each request, and would end if nobody read.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Some(Self { _process: process, endpoint: format!("{address}/{ACCOUNT}") })
    }

    /// As it stands in `AzureWebJobsStorage`.
    pub fn connection_string(&self) -> String {
        format!("AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={};", self.endpoint)
    }

    /// What the blobs of a container hold.
    pub async fn read(&self, container: &str) -> Vec<String> {
        let printed = self.client("read_blobs.py", &[container], "").await;
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Writes a blob.
    pub async fn write(&self, container: &str, name: &str, content: &str) {
        self.client("write_blob.py", &[container, name], content).await;
    }

    async fn client(&self, script: &str, arguments: &[&str], input: &str) -> String {
        let script = root().join("tests/clients").join(script);
        let mut command = Command::new(python());
        command.arg(script).arg(self.connection_string()).args(arguments);
        run(command, input).await
    }
}

/// What a Python program with Microsoft's client prints.
pub async fn python_prints(program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(python());
    command.args(["-c", program]).args(arguments);
    run(command, "").await
}

async fn run(mut command: Command, input: &str) -> String {
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    process.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
    let output = process.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn clients() -> PathBuf {
    root().join("target/clients")
}

fn python() -> PathBuf {
    clients().join("venv/bin/python")
}

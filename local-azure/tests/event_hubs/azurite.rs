//! Azurite, Microsoft's storage emulator, for what event processors write down.

use std::{path::Path, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

pub(crate) struct Azurite {
    _process: Child,
    endpoint: String,
}

impl Azurite {
    /// Starts it on a port of its choice.
    pub(crate) async fn start() -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/clients/node_modules/.bin/azurite-blob");
        let mut process = Command::new(program)
            .args(["--silent", "--skipApiVersionCheck", "--disableTelemetry", "--inMemoryPersistence"])
            .args(["--blobHost", "127.0.0.1", "--blobPort", "0"])
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
        Self { _process: process, endpoint: format!("{address}/{ACCOUNT}") }
    }

    pub(crate) fn connection_string(&self) -> String {
        format!("DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={};", self.endpoint)
    }
}

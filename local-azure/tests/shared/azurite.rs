//! A storage emulator, where one is installed: `AZURITE` names its folder of programs, which is otherwise looked for in
//! `target/clients/node_modules/.bin`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::skipped::skipped;

/// How long it may take to listen.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) const ACCOUNT: &str = "devstoreaccount1";
pub(crate) const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Its program; `None`, loudly, where it isn't installed.
pub(crate) fn azurite() -> Option<PathBuf> {
    let folder = std::env::var_os("AZURITE").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/clients/node_modules/.bin"),
        PathBuf::from,
    );
    let program = folder.join("azurite-blob");
    if program.exists() {
        return Some(program);
    }
    skipped("Azurite is not installed; AZURITE can name the folder of its programs");
    None
}

/// Starts the emulator on a port of its own choice, which it says when it listens.
pub(crate) async fn start(program: &Path) -> (Child, u16) {
    let mut azurite = Command::new(program);
    azurite.args(["--silent", "--skipApiVersionCheck", "--disableTelemetry", "--inMemoryPersistence"]);
    azurite.args(["--blobHost", "127.0.0.1", "--blobPort", "0"]);
    let mut azurite = azurite.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(azurite.stdout.take().unwrap()).lines();
    let port = async {
        loop {
            let line = lines.next_line().await.unwrap().expect("Azurite ended");
            if let Some((_, port)) = line.split_once("listens on http://127.0.0.1:") {
                return port.parse().unwrap();
            }
        }
    };
    let port = tokio::time::timeout(TIMEOUT, port).await.unwrap();
    // It writes a line for each request even so, and would die of a pipe that nobody reads.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (azurite, port)
}

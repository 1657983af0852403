//! The bridge's process: started, killed, asked to stop, and started again, as platforms do it.

use std::{fs::File, io::Write, process::Stdio, sync::Arc, time::Duration};

use fastrand::Rng;
use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    delivery_timeout,
    report::{Counts, Fault},
};

/// To start, and to stop when asked to; far longer than either takes.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How long a process lives, in milliseconds.
const LIFE: std::ops::Range<u64> = 1_000..8_000;

/// Keeps one process running, and ends it now and then.
#[derive(Debug)]
pub struct Operator {
    /// Of the bridge: the hub, and what sends to it.
    settings: [(&'static str, String); 3],
    log: Arc<Mutex<File>>,
    address: watch::Sender<String>,
    process: Child,
    counts: Arc<Counts>,
}

impl Operator {
    /// Starts the first process and waits until it listens.
    pub async fn start(settings: [(&'static str, String); 3], log: Arc<Mutex<File>>, counts: Arc<Counts>) -> Self {
        let address = watch::Sender::default();
        let process = start(&settings, &log, &address).await;
        Self { settings, log, address, process, counts }
    }

    /// Where the process listens, now and after each start.
    pub fn address(&self) -> watch::Receiver<String> {
        self.address.subscribe()
    }

    /// Ends processes and starts others until all is calm.
    pub async fn run(mut self, mut rng: Rng, calm: CancellationToken) -> Self {
        loop {
            tokio::select! {
                () = calm.cancelled() => return self,
                () = sleep(Duration::from_millis(rng.u64(LIFE))) => self.end(rng.bool()).await,
                ended = self.process.wait() => self.counts.violation(format!("twin-bridge ended by itself: {ended:?}")),
            }
            self.process = start(&self.settings, &self.log, &self.address).await;
        }
    }

    async fn end(&mut self, kill: bool) {
        if kill {
            self.counts.struck(Fault::Kill);
            self.process.kill().await.unwrap();
        } else {
            self.counts.struck(Fault::Terminate);
            self.terminate().await;
        }
    }

    async fn terminate(&mut self) {
        let Some(id) = self.process.id() else { return };
        kill_process(Pid::from_raw(id.cast_signed()).unwrap(), Signal::TERM).unwrap();
        match timeout(TIMEOUT, self.process.wait()).await {
            Ok(status) if status.as_ref().is_ok_and(|status| status.code() == Some(0)) => {}
            Ok(status) => self.counts.violation(format!("asked to stop, twin-bridge ended with {status:?}")),
            Err(_) => {
                self.counts.violation("asked to stop, twin-bridge did not".to_owned());
                self.process.kill().await.unwrap();
            }
        }
    }

    /// Stops the last process in order.
    pub async fn stop(mut self) {
        self.terminate().await;
    }
}

async fn start(settings: &[(&str, String)], log: &Arc<Mutex<File>>, address: &watch::Sender<String>) -> Child {
    let mut process = Command::new(env!("CARGO_BIN_EXE_twin-bridge"))
        .env_clear()
        .envs(settings.iter().cloned())
        .env("DELIVERY_TIMEOUT", format!("{}s", delivery_timeout().as_secs()))
        .env("FUNCTIONS_CUSTOMHANDLER_PORT", "0")
        .env("LOG_FORMAT", "json")
        .kill_on_drop(true)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut changed = address.subscribe();
    keep(process.stdout.take().unwrap(), log, address);
    keep(process.stderr.take().unwrap(), log, address);
    timeout(TIMEOUT, changed.changed()).await.expect("twin-bridge starts in time").unwrap();
    process
}

/// Keeps all lines, and takes the address from the one that has it.
fn keep(stream: impl AsyncRead + Unpin + Send + 'static, log: &Arc<Mutex<File>>, address: &watch::Sender<String>) {
    let (log, address) = (Arc::clone(log), address.clone());
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if line.contains("Listening.")
                && let Ok(line) = serde_json::from_str::<serde_json::Value>(&line)
                && let Some(listening) = line["address"].as_str()
            {
                address.send_replace(listening.to_owned());
            }
            writeln!(log.lock(), "{line}").unwrap();
        }
    });
}

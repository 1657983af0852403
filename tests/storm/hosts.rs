//! Functions hosts, each with a bridge of its own: started, stopped in order, gone without a word, their handlers killed;
//! and others started in their place. What one leaves another takes over.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use fastrand::Rng;
use local_azure::functions_host::{Config, FunctionsHost, Log, LogLine, Progress, Storage};
use package_function::package;
use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{
    delivery_timeout,
    report::{Counts, Fault},
    way::Way,
};

/// How long a host is left alone, in milliseconds.
const LIFE: std::ops::Range<u64> = 1_000..8_000;

/// What all hosts share: the package, the storage, the settings.
#[derive(Debug)]
pub struct App {
    folder: TempDir,
    way: Way,
    settings: Vec<(String, String)>,
    log: Log,
    counts: Arc<Counts>,
    /// The last of each partition.
    checkpoints: Mutex<BTreeMap<String, i64>>,
}

impl App {
    /// Packs the function of a way in, so that hosts which share its source find out within moments who is gone.
    pub fn new(way: Way, settings: Vec<(String, String)>, log: Arc<Mutex<File>>, counts: Arc<Counts>) -> Self {
        let log = Log::new(move |LogLine { category, message, .. }: &LogLine| {
            writeln!(log.lock(), "[{category}] {message}").unwrap();
        });
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = tempfile::tempdir().unwrap();
        let executable = Path::new(env!("CARGO_BIN_EXE_twin-bridge"));
        package::stage(root, &package::entries(root, &[way], executable), &folder.path().join("app")).unwrap();
        let change = |file: &str, from: &str, to: &str| {
            let path = folder.path().join("app").join(file);
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.contains(from), "{file} has no {from}");
            fs::write(path, text.replace(from, to)).unwrap();
        };
        let sooner =
            r#""loadBalancingUpdateInterval": "00:00:00.2", "partitionOwnershipExpirationInterval": "00:00:01","#;
        change("host.json", "\"maxEventBatchSize\"", &format!("{sooner} \"maxEventBatchSize\""));
        if way == Way::EventHub {
            change("event-hub/function.json", "\"00:00:01\"", "\"00:00:00.1\"");
            change("event-hub/function.json", "\"00:01:00\"", "\"00:00:01\"");
        }
        let timeout = format!("{}s", delivery_timeout().as_secs());
        let more = [("DELIVERY_TIMEOUT", timeout.clone()), ("SERVICE_BUS_TIMEOUT", timeout)];
        let more = more.map(|(name, value)| (name.to_owned(), value));
        let settings = settings.into_iter().chain(more).collect();
        Self { folder, way, settings, log, counts, checkpoints: Mutex::default() }
    }

    /// The last checkpoint of each partition.
    pub fn checkpoints(&self) -> BTreeMap<String, i64> {
        self.checkpoints.lock().clone()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn start(&self) -> FunctionsHost {
        let mut config = Config::new(self.path("app"), Storage::Folder(self.path("blobs")));
        config.environment.clone_from(&self.settings);
        config.log = self.log.clone();
        FunctionsHost::start(config).await.unwrap()
    }

    /// Keeps one host running, and has something happen to it now and then, until all is calm; then lets it work until
    /// all is done.
    pub async fn host(self: Arc<Self>, mut rng: Rng, calm: CancellationToken, done: CancellationToken) {
        loop {
            let host = self.start().await;
            let mut progress = host.progress(self.way.name()).unwrap();
            let life = sleep(Duration::from_millis(rng.u64(LIFE)));
            tokio::pin!(life);
            let ended = async {
                loop {
                    self.note(&progress.borrow_and_update());
                    tokio::select! {
                        changed = progress.changed() => if changed.is_err() { std::future::pending().await },
                        () = &mut life, if !calm.is_cancelled() => return rng.u32(0..4),
                        () = host.closed() => return u32::MAX,
                        () = done.cancelled() => return 0,
                    }
                }
            };
            match ended.await {
                _ if done.is_cancelled() => return host.stop().await,
                0 => {
                    self.counts.struck(Fault::StopHost);
                    host.stop().await;
                }
                1 => {
                    self.counts.struck(Fault::DropHost);
                    kill_handler(&host);
                    drop(host);
                }
                // After some of these the host gives up by itself.
                2 | 3 => {
                    self.counts.struck(Fault::Kill);
                    kill_handler(&host);
                }
                _ => {}
            }
        }
    }

    fn note(&self, progress: &Progress) {
        let mut checkpoints = self.checkpoints.lock();
        for (partition, &number) in &progress.checkpoints {
            let last = checkpoints.entry(partition.clone()).or_insert(number);
            *last = number.max(*last);
        }
    }
}

fn kill_handler(host: &FunctionsHost) {
    if let Some(pid) = host.handler_pid() {
        // It may be gone by now.
        let _ = kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), Signal::KILL);
    }
}

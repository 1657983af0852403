//! One process of the handler: its command line and environment, its console, its end.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::app::CustomHandler;
use super::free_port::free_port;
use super::log::{Category, Level, Log, stderr_level};
use super::settings::Settings;

/// How many of the last lines on stderr the host repeats when the handler fails.
const LAST_WORDS: usize = 3;

/// How long the end of the console is waited for once the handler has ended: a child of its own may hold it open.
const CONSOLE_GRACE: Duration = Duration::from_secs(1);

/// A line that starts with this belongs into the log of the host.
const SYSTEM_LOG: &str = "LanguageWorkerConsoleLog";

/// How the handler is started.
#[derive(Debug)]
pub(super) struct HandlerCommand {
    executable: PathBuf,
    arguments: Vec<String>,
    working_directory: PathBuf,
    environment: Vec<(String, String)>,
    root: PathBuf,
    stderr_is_errors: bool,
    stop_grace: Duration,
}

impl HandlerCommand {
    /// The command that `host.json` declares, or the same with another executable. `%NAME%` is an app setting or a
    /// variable of the environment. `None` if there is nothing to start.
    pub(super) fn new(
        root: &Path,
        declared: &CustomHandler,
        executable: Option<&Path>,
        settings: &Settings,
        stop_grace: Duration,
    ) -> Option<Self> {
        let expanded = |text: &String| settings.expand(text);
        let executable = executable.map(Path::to_owned).or_else(|| {
            let name = PathBuf::from(declared.executable.as_ref().map(expanded)?);
            // A file of the app, or else a program that the system finds, such as `node`.
            Some(if root.join(&name).is_file() { root.join(name) } else { name })
        })?;
        let mut environment = vec![("FUNCTIONS_WORKER_RUNTIME".to_owned(), "custom".to_owned())];
        environment.extend_from_slice(settings.ours());
        Some(Self {
            executable,
            arguments: declared.arguments.iter().map(expanded).collect(),
            working_directory: root.join(declared.working_directory.as_ref().map(expanded).unwrap_or_default()),
            environment,
            root: root.to_owned(),
            stderr_is_errors: declared.stderr_is_errors,
            stop_grace,
        })
    }
}

/// A running handler. It dies with this value.
pub(super) struct HandlerProcess {
    child: Child,
    address: SocketAddr,
    console: Vec<JoinHandle<()>>,
    last_words: Arc<Mutex<VecDeque<String>>>,
    stop_grace: Duration,
}

impl HandlerProcess {
    /// Starts the handler on a port that is free now. The next start gets another one, so that a port that was lost to
    /// somebody else in between costs one restart at most.
    pub(super) fn start(command: &HandlerCommand, log: &Log) -> io::Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let (port, worker) = (address.port().to_string(), Uuid::new_v4().to_string());
        let mut process = Command::new(&command.executable);
        // Ctrl-C on a terminal reaches a whole group, and the handler has deliveries to finish before it is stopped.
        #[cfg(unix)]
        process.process_group(0);
        let mut child = process
            .args(&command.arguments)
            .current_dir(&command.working_directory)
            .envs(command.environment.iter().map(|(name, value)| (name, value)))
            .env("FUNCTIONS_CUSTOMHANDLER_PORT", &port)
            .env("FUNCTIONS_HTTPWORKER_PORT", &port)
            .env("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", &worker)
            .env("FUNCTIONS_HTTPWORKER_ID", &worker)
            .env("FUNCTIONS_APP_ROOT_PATH", &command.root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", command.executable.display())))?;

        let last_words = Arc::new(Mutex::new(VecDeque::new()));
        let mut console = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            let log = log.clone();
            console.push(tokio::spawn(lines(stdout, move |line| report(&log, Level::Information, line))));
        }
        if let Some(stderr) = child.stderr.take() {
            let (log, errors_only, last_words) = (log.clone(), command.stderr_is_errors, Arc::clone(&last_words));
            console.push(tokio::spawn(lines(stderr, move |line| {
                remember(&last_words, line);
                report(&log, stderr_level(line, errors_only), line);
            })));
        }
        Ok(Self { child, address, console, last_words, stop_grace: command.stop_grace })
    }

    /// Where it was told to listen.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id, until its end has been noticed.
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits for its end, and for the rest of its console. Can be cancelled and called again.
    pub(super) async fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        let console = async {
            for stream in &mut self.console {
                let _ = stream.await;
            }
        };
        let _ = tokio::time::timeout(CONSOLE_GRACE, console).await;
        Ok(status)
    }

    /// Ends it the way the host does: at once, without a signal that it could catch.
    pub(super) async fn kill(&mut self) {
        let _ = self.child.kill().await;
    }

    /// Ends it politely: SIGTERM, and a kill when the grace time is over.
    ///
    /// The host sends no SIGTERM; a handler must not rely on it. Here it spares a developer the half-written files of
    /// a profiler or a coverage run. Systems without signals go straight to the kill.
    pub(super) async fn terminate(&mut self) {
        #[cfg(unix)]
        if let Some(pid) = self.child.id().and_then(|pid| rustix::process::Pid::from_raw(pid.cast_signed())) {
            // The child has not been waited for, so the id is still its own.
            let asked = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            if asked.is_ok() && tokio::time::timeout(self.stop_grace, self.wait()).await.is_ok() {
                return;
            }
        }
        self.kill().await;
    }

    /// The last lines that it wrote to stderr.
    pub(super) fn last_words(&self) -> String {
        let lines = self.last_words.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(String::as_str).collect::<Vec<_>>().join(" | ")
    }
}

fn remember(last_words: &Mutex<VecDeque<String>>, line: &str) {
    let mut lines = last_words.lock().unwrap_or_else(PoisonError::into_inner);
    if lines.len() == LAST_WORDS {
        lines.pop_front();
    }
    lines.push_back(line.to_owned());
}

fn report(log: &Log, level: Level, line: &str) {
    match line.strip_prefix(SYSTEM_LOG) {
        Some(line) => log.line(level, Category::Host, line),
        None => log.line(level, Category::Console, line),
    }
}

/// Reads lines until the stream ends, whatever bytes they hold: a reader that gave up would stall the handler.
async fn lines(stream: impl AsyncRead + Unpin, mut each: impl FnMut(&str)) {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    while stream.read_until(b'\n', &mut line).await.is_ok_and(|length| length > 0) {
        each(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']));
        line.clear();
    }
}

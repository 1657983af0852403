//! The handler as the rest of the host sees it, and the rules by which its process is started again.
//!
//! The rules are those of `HttpFunctionInvocationDispatcher`: exit code 0 is taken for intended and leaves a function
//! behind that only fails; 200 is a wish to be restarted; all else, a missed initialization included, is an error. The
//! third error stops the host, unless the one before it is more than half an hour old.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::handler_client::HandlerClient;
use super::handler_process::{HandlerCommand, HandlerProcess};
use super::log::{Category, Log};

const MAX_ERRORS: usize = 3;
const ERRORS_FORGOTTEN_AFTER: Duration = Duration::from_secs(30 * 60);
const RESTART_EXIT_CODE: i32 = 200;

/// Where the handler listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ready {
    pub(super) address: SocketAddr,
    /// `None` if somebody else started it.
    pub(super) pid: Option<u32>,
}

/// How things stand with the handler.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// It has been started and doesn't answer yet, or it is about to be started again.
    Starting,
    /// It answers.
    Ready(Ready),
    /// It is gone for good.
    Gone(Gone),
}

/// Why there is no handler, nor will be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Gone {
    #[error("the handler ended with exit code 0 and is not restarted")]
    Finished,
    #[error("Exceeded http worker restart retry count. Shutting down Functions Host. {0}")]
    GivenUp(String),
    #[error("the host is stopping")]
    Stopped,
}

/// A view of the handler, and a way to have it replaced.
#[derive(Clone, Debug)]
pub(super) struct HandlerLink {
    state: watch::Receiver<State>,
    replacements: mpsc::UnboundedSender<Ready>,
}

impl HandlerLink {
    /// A link to a handler that somebody else started.
    pub(super) fn attached(address: SocketAddr) -> Self {
        let (_, state) = watch::channel(State::Ready(Ready { address, pid: None }));
        Self { state, replacements: mpsc::unbounded_channel().0 }
    }

    /// Waits until the handler answers. Fails once it is known that it never will.
    pub(super) async fn ready(&self) -> Result<Ready, Gone> {
        let mut state = self.state.clone();
        let settled = state.wait_for(|state| *state != State::Starting).await;
        match settled.as_deref() {
            Ok(State::Ready(ready)) => Ok(*ready),
            Ok(State::Gone(gone)) => Err(gone.clone()),
            Ok(State::Starting) | Err(_) => Err(Gone::Stopped),
        }
    }

    /// The process id of the handler, while there is one that answers.
    pub(super) fn pid(&self) -> Option<u32> {
        match &*self.state.borrow() {
            State::Ready(ready) => ready.pid,
            _ => None,
        }
    }

    /// Has the handler killed and started again, unless that has happened already.
    pub(super) fn replace(&self, ready: Ready) {
        // Nobody receives this where the handler was started by somebody else.
        let _ = self.replacements.send(ready);
    }
}

/// Keeps a handler running.
#[derive(Debug)]
pub(super) struct Supervisor {
    command: HandlerCommand,
    client: HandlerClient,
    initialization_timeout: Duration,
    stop: CancellationToken,
    log: Log,
    state: watch::Sender<State>,
    replacements: mpsc::UnboundedReceiver<Ready>,
}

/// How the life of one process ended.
enum End {
    Finished,
    Restart(&'static str),
    Failed(String),
    Stopped,
}

impl Supervisor {
    /// A supervisor that hasn't started anything yet, and the link to what it will start.
    pub(super) fn new(
        command: HandlerCommand,
        client: HandlerClient,
        initialization_timeout: Duration,
        stop: CancellationToken,
        log: Log,
    ) -> (Self, HandlerLink) {
        let (state, watched) = watch::channel(State::Starting);
        let (sender, replacements) = mpsc::unbounded_channel();
        let supervisor = Self { command, client, initialization_timeout, stop, log, state, replacements };
        (supervisor, HandlerLink { state: watched, replacements: sender })
    }

    /// Returns when the handler has been stopped, or when the host must stop because of it.
    pub(super) async fn run(mut self) {
        let mut errors = Errors::default();
        let gone = loop {
            self.state.send_replace(State::Starting);
            match self.run_once().await {
                End::Restart(reason) => {
                    self.log.information(Category::Host, format!("Restarting the handler: {reason}"));
                }
                End::Failed(reason) => {
                    self.log.error(Category::Host, &reason);
                    if errors.record(Instant::now()) >= MAX_ERRORS {
                        break Gone::GivenUp(reason);
                    }
                }
                End::Finished => {
                    self.log.warning(Category::Host, Gone::Finished.to_string());
                    self.state.send_replace(State::Gone(Gone::Finished));
                    self.stop.cancelled().await;
                    break Gone::Stopped;
                }
                End::Stopped => break Gone::Stopped,
            }
        };
        if let Gone::GivenUp(_) = gone {
            self.log.error(Category::Host, gone.to_string());
        }
        self.state.send_replace(State::Gone(gone));
    }

    async fn run_once(&mut self) -> End {
        let mut process = match HandlerProcess::start(&self.command, &self.log) {
            Ok(process) => process,
            Err(error) => return End::Failed(format!("Failed to start the handler {error}")),
        };
        let address = process.address();
        tokio::select! {
            () = self.stop.cancelled() => return process.stopped().await,
            exit = process.exit() => return exit,
            initialized = tokio::time::timeout(self.initialization_timeout, self.client.until_ready(address)) => {
                if initialized.is_err() {
                    process.kill().await;
                    let timeout = self.initialization_timeout;
                    return End::Failed(format!("The handler did not listen on {address} within {timeout:?}"));
                }
            }
        }
        let ready = Ready { address, pid: process.pid() };
        self.state.send_replace(State::Ready(ready));
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return process.stopped().await,
                exit = process.exit() => return exit,
                Some(replaced) = self.replacements.recv() => if replaced == ready {
                    self.state.send_replace(State::Starting);
                    process.kill().await;
                    return End::Restart("a function timed out");
                },
            }
        }
    }
}

impl HandlerProcess {
    async fn stopped(mut self) -> End {
        self.terminate().await;
        End::Stopped
    }

    async fn exit(&mut self) -> End {
        let status = match self.wait().await {
            Ok(status) => status,
            Err(error) => return End::Failed(format!("The handler can't be waited for: {error}")),
        };
        match status.code() {
            Some(0) => End::Finished,
            Some(RESTART_EXIT_CODE) => End::Restart("it asked for it (exit code 200)"),
            _ => End::Failed(format!("Language Worker Process exited ({status}). {}", self.last_words())),
        }
    }
}

/// The errors that count.
#[derive(Default)]
struct Errors(Vec<Instant>);

impl Errors {
    /// Adds one and says how many there are.
    fn record(&mut self, at: Instant) -> usize {
        if self.0.last().is_some_and(|last| at.duration_since(*last) > ERRORS_FORGOTTEN_AFTER) {
            self.0.clear();
        }
        self.0.push(at);
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_forgotten_after_half_an_hour_without_one() {
        let (start, minute) = (Instant::now(), Duration::from_secs(60));
        let mut errors = Errors::default();
        let counted: Vec<usize> =
            [0, 20, 51, 81, 112].iter().map(|minutes| errors.record(start + minute * *minutes)).collect();
        assert_eq!(counted, [1, 2, 1, 2, 1]);
    }
}

//! The program as somebody runs it.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdout, Command},
    time::timeout,
};

use crate::TIMEOUT;

/// The program, at work.
pub(crate) struct Program {
    pub(crate) url: String,
    errors: Lines<BufReader<ChildStderr>>,
    _output: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

/// The program with this in its environment, and nothing that could lead it to Azure.
pub(crate) fn command(arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_explorer"));
    command.args(arguments).env_clear().envs(environment.iter().copied());
    command.kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Program {
    /// Starts it, and waits until it says where the page is.
    pub(crate) async fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let arguments = [&["--listen", "127.0.0.1:0"], arguments].concat();
        let mut child = command(&arguments, environment).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut errors = child.stderr.take().unwrap();
        let Some(line) = timeout(TIMEOUT, output.next_line()).await.unwrap().unwrap() else {
            let mut text = String::new();
            errors.read_to_string(&mut text).await.unwrap();
            panic!("{text}");
        };
        let url = line.strip_prefix("Explorer  ").unwrap_or_else(|| panic!("{line}")).to_owned();
        Self { url, errors: BufReader::new(errors).lines(), _output: output, _child: child }
    }

    /// Waits for a line among the errors that has these words.
    pub(crate) async fn says(&mut self, words: &str) {
        let waiting = async {
            while let Some(line) = self.errors.next_line().await.unwrap() {
                if line.contains(words) {
                    return;
                }
            }
            panic!("it ended without {words}");
        };
        timeout(TIMEOUT, waiting).await.unwrap_or_else(|_| panic!("it does not say {words}"));
    }
}

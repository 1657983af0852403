//! Microsoft's Python and JavaScript clients, which `tests/clients/install.sh` puts in place.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::Command;

use crate::skipped::skipped;

/// A client in another language.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Language {
    Python,
    JavaScript,
}

impl Language {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::JavaScript => "javascript",
        }
    }

    /// The command that runs one of the scripts in `tests/clients`; `None`, loudly, where the client isn't installed.
    pub(crate) fn script(self, script: &str) -> Option<Command> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let installed = root.join("target/clients");
        let (program, marker, extension) = match self {
            Self::Python => (installed.join("venv/bin/python"), installed.join("venv/installed.txt"), "py"),
            Self::JavaScript => (PathBuf::from("node"), installed.join("node_modules/installed.json"), "mjs"),
        };
        if !marker.exists() {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "the {self:?} client is not installed");
            skipped(&format!("the {self:?} client is not installed; tests/clients/install.sh does that"));
            return None;
        }
        let mut command = Command::new(program);
        command.arg(root.join("tests/clients").join(format!("{script}.{extension}")));
        command.kill_on_drop(true).stdin(Stdio::null());
        Some(command)
    }
}

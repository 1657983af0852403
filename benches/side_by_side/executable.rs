//! A build of twin-bridge to be measured.

use std::{
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    str::FromStr,
};

use crate::running::Running;

/// Where there is no hub, for what needs none.
const NOWHERE: &str = "Endpoint=sb://localhost:1;SharedAccessKeyName=none;SharedAccessKey=bm9uZQ==;EntityPath=none;\
                       UseDevelopmentEmulator=true";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executable {
    /// What its contenders are called in front of their variant.
    pub name: String,
    pub path: PathBuf,
    /// Whether Event Grid's own requests are among what it takes.
    pub has_webhook: bool,
    /// Whether messages of Event Hubs and Service Bus are.
    pub has_messages: bool,
}

impl Executable {
    /// The name of the build that comes with this benchmark.
    pub const OWN: &str = "twin-bridge";

    /// The one that cargo has built together with this benchmark.
    pub fn own() -> Self {
        let path = PathBuf::from(env!("CARGO_BIN_EXE_twin-bridge"));
        Self { name: Self::OWN.to_owned(), path, has_webhook: true, has_messages: true }
    }

    /// Whether it knows the setting, and this value of it.
    pub fn takes(&self, (setting, value): (&str, &str)) -> bool {
        let refuses = |value| refuses(&self.path, setting, value).unwrap_or(true);
        // What does not know a setting refuses no value of it.
        refuses("unheard-of") && !refuses(value)
    }
}

/// Whether an executable complains of this setting. It can't start in any case, since its port is none, and says of all
/// settings in one go what is wrong with them.
fn refuses(executable: &Path, setting: &str, value: &str) -> io::Result<bool> {
    let output = Command::new(executable)
        .env("FUNCTIONS_CUSTOMHANDLER_PORT", "none")
        .env(setting, value)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()?;
    Ok(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains(setting))
}

/// Whether an executable has a route for the webhook, by which it answers a handshake that lacks its origin otherwise.
fn has_webhook(executable: &Path) -> bool {
    let mut command = Command::new(executable);
    command.stderr(Stdio::null());
    Running::start(command, NOWHERE).ask("OPTIONS", "/api/events").is_ok_and(|status| status != 404)
}

impl FromStr for Executable {
    type Err = String;

    /// Reads `NAME=PATH`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, path) = text.split_once('=').ok_or("NAME=PATH is wanted")?;
        // It becomes part of file names and of tables.
        let allowed = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        if name.is_empty() || !name.chars().all(allowed) {
            return Err("a name has letters, digits, hyphens, underscores and dots".to_owned());
        }
        // Absolute, since one without a slash would be searched for among the installed programs.
        let path = Path::new(path).canonicalize().map_err(|error| format!("{path}: {error}"))?;
        match refuses(&path, "FUNCTIONS_CUSTOMHANDLER_PORT", "none") {
            Ok(true) => {
                let has_messages = refuses(&path, "SERVICE_BUS_TIMEOUT", "none").unwrap_or(false);
                Ok(Self { name: name.to_owned(), has_webhook: has_webhook(&path), has_messages, path })
            }
            Ok(false) => Err(format!("{} is not a twin-bridge: it does not mind a port that is none", path.display())),
            Err(error) => Err(format!("{} can't be run: {error}", path.display())),
        }
    }
}

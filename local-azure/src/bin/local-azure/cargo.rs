//! What cargo has to build: the bridge that the host starts, and this program anew where it is too slow as it is.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
};

use crate::error::Error;

/// Builds twin-bridge with the same cargo and profile as this program, and answers where it is.
pub(crate) fn build() -> Result<PathBuf, Error> {
    let this = env::current_exe()?;
    let folder = this.parent().and_then(|folder| folder.file_name()).unwrap_or_default();
    let profile = if folder == "debug" { "dev".as_ref() } else { folder };
    let mut command = command();
    // Both packages, so that what they share is built once, with the features of both.
    command.args([
        "build",
        "--package",
        "local-azure",
        "--package",
        "twin-bridge",
        "--bin",
        "twin-bridge",
        "--profile",
    ]);
    command.arg(profile);
    if !command.status()?.success() {
        return Err("twin-bridge could not be built".into());
    }
    Ok(this.with_file_name(format!("twin-bridge{}", env::consts::EXE_SUFFIX)))
}

/// Runs this program as it is built by the profile `load`, with the same arguments.
pub(crate) fn run_optimised() -> Result<ExitStatus, Error> {
    eprintln!("So many changes a second need an optimised build. The first time that takes some minutes.");
    let mut command = command();
    command.args(["run", "--package", "local-azure", "--profile", "load", "--"]).args(env::args_os().skip(1));
    Ok(command.status()?)
}

fn command() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// The workspace's folder, which has host.json.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

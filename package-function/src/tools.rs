//! cargo-zigbuild and the zig that it links with, in the versions of `requirements.txt`, installed once.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

type Error = Box<dyn std::error::Error>;

/// A `PATH` in which cargo finds the tools, which are put into `folder` if they are not there yet.
pub fn path(root: &Path, folder: &Path) -> Result<OsString, Error> {
    let wanted = fs::read_to_string(root.join("package-function/requirements.txt"))?;
    let tools = folder.join("tools");
    // Written last: present and equal means complete and current.
    let installed = tools.join("installed.txt");
    if fs::read_to_string(&installed).ok().as_deref() != Some(&wanted) {
        install(root, &tools)?;
        fs::write(installed, wanted)?;
    }
    let old = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths([executables(&tools)].into_iter().chain(env::split_paths(&old)))?)
}

fn install(root: &Path, tools: &Path) -> Result<(), Error> {
    println!("Installing cargo-zigbuild and zig into {}", tools.display());
    run(Command::new(if cfg!(windows) { "python" } else { "python3" }).args(["-m", "venv", "--clear"]).arg(tools))?;
    run(Command::new(executables(tools).join("python"))
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(root.join("package-function/requirements.txt")))
}

fn executables(tools: &Path) -> PathBuf {
    tools.join(if cfg!(windows) { "Scripts" } else { "bin" })
}

fn run(command: &mut Command) -> Result<(), Error> {
    let outcome = command.status();
    if outcome.as_ref().is_ok_and(std::process::ExitStatus::success) {
        return Ok(());
    }
    let reason = outcome.map_or_else(|error| error.to_string(), |status| status.to_string());
    Err(format!(
        "the tools could not be installed ({reason}). They need Python 3 with venv (Debian: python3-venv) and access to PyPI; see docs/deploy.md"
    )
    .into())
}

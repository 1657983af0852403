//! The bridge as the host starts it.

use std::{path::PathBuf, process::Command};

use crate::{Error, azure};

/// Builds twin-bridge with the same cargo and profile as this program, and answers where it is.
pub(crate) fn build() -> Result<PathBuf, Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--package", "twin-bridge", "--bin", "twin-bridge"]).current_dir(azure::root());
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    if !command.status()?.success() {
        return Err("twin-bridge could not be built".into());
    }
    let executable = format!("twin-bridge{}", std::env::consts::EXE_SUFFIX);
    Ok(std::env::current_exe()?.with_file_name(executable))
}

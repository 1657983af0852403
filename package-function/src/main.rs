//! `cargo package-function`: builds twin-bridge for Azure Functions and packs it into `dist/`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use clap::Parser;
use package_function::{
    glibc,
    package::{self, Trigger},
};

mod tools;

type Error = Box<dyn std::error::Error>;

/// Builds twin-bridge for Azure Functions and packs it into dist/: the folder for `func azure functionapp publish`,
/// and package.zip for everything else.
#[derive(Debug, Parser)]
struct Options {
    /// The processor's target. Azure Functions Flex Consumption runs on x86-64 only; `aarch64-unknown-linux-gnu` is for
    /// hosts of your own.
    #[arg(long, default_value = "x86_64-unknown-linux-gnu")]
    target: String,
    /// A way in to pack, repeatable: `webhook`, `function`, `event-hub`, `service-bus`. By default the first two; the others
    /// need app settings without which the host does not start them, or not at all.
    #[arg(long = "trigger", value_name = "NAME", value_parser = trigger)]
    triggers: Vec<Trigger>,
    /// Features to build with, separated by commas: `opentelemetry`.
    #[arg(long, default_value = "")]
    features: String,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Error> {
    let root = root()?;
    let executable = build(&root, options)?;
    let bytes = fs::read(&executable)?;
    let triggers = if options.triggers.is_empty() { &Trigger::DEFAULT[..] } else { &options.triggers };
    let needed = glibc::check(&bytes, glibc::OLDEST)?;
    let zip = package::stage(&root, &package::entries(&root, triggers, &executable), &root.join("dist"))?;
    println!("dist/{}  {} bytes, needs glibc {needed}", package::EXECUTABLE, bytes.len());
    println!("dist/{}  {} bytes", package::ZIP, fs::metadata(zip)?.len());
    Ok(())
}

/// Builds the executable against [`glibc::OLDEST`], and answers where it is.
fn build(root: &Path, Options { target, features, .. }: &Options) -> Result<PathBuf, Error> {
    let target_folder = root.join("target");
    let path = tools::path(root, &target_folder.join("package-function"))?;
    let built = Command::new("cargo")
        .args(["zigbuild", "--release", "--locked", "--bin", package::EXECUTABLE])
        .arg("--target")
        .arg(format!("{target}.{}", glibc::OLDEST))
        .args(["--features", features])
        .arg("--target-dir")
        .arg(&target_folder)
        .current_dir(root)
        .env("PATH", path)
        .status()?;
    if !built.success() {
        return Err(format!("the build failed; if the target is missing: rustup target add {target}").into());
    }
    Ok(target_folder.join(target).join("release").join(package::EXECUTABLE))
}

fn trigger(name: &str) -> Result<Trigger, String> {
    let names = || Trigger::ALL.map(Trigger::name).join(", ");
    let found = Trigger::ALL.into_iter().find(|trigger| trigger.name() == name);
    found.ok_or_else(|| format!("the ways in are {}", names()))
}

/// The folder with host.json.
fn root() -> Result<PathBuf, Error> {
    Ok(Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the workspace has no folder")?.to_owned())
}

//! What the command line asks for.

use std::path::PathBuf;

use clap::{CommandFactory, Parser, error::ErrorKind};

use crate::{executable::Executable, way::Way};

/// What makes this process the hub or the floor. Nothing by which anybody chooses tests.
pub const AS_HUB: &str = "--as-hub";
pub const AS_FLOOR: &str = "--as-floor";

/// What this process is.
pub enum Role {
    /// The benchmark, as `cargo bench` starts it.
    Bench(Options),
    /// Its smallest form, as `cargo test` starts it; not wanted where the tests are chosen by name and this is none.
    Test { wanted: bool },
    /// The local Event Hubs endpoint, as the benchmark starts it.
    Hub,
    /// The floor, as the benchmark starts it.
    Floor,
}

/// twin-bridge side by side with the floor under it and with what people would use instead.
#[derive(Clone, Debug, Parser)]
#[command(name = "cargo bench --bench side_by_side --")]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub struct Options {
    /// A small matrix, in some three minutes.
    #[arg(long)]
    pub quick: bool,
    /// Seconds of each measurement [default: 5, with --quick 1, with --executable 0.5].
    #[arg(long, value_name = "SECONDS")]
    pub seconds: Option<f64>,
    /// How often each measurement is made, the contenders in turn; what is reported are medians [default: 1, with
    /// --executable 20, with both --executable and --quick 8].
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    pub rounds: Option<u16>,
    /// Starts of each contender [default: 15, with --quick 5].
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    pub starts: Option<u16>,
    /// Only contenders whose name contains one of these, separated by commas.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Only deliveries that arrive by this way, and neither starts nor growth [default: both].
    #[arg(long)]
    pub way: Option<Way>,
    /// Leave out the peers, which need Node.js, Python and the network once.
    #[arg(long)]
    pub no_peers: bool,
    /// Another build of twin-bridge to measure and compare, the path from the root of the repository; may be repeated.
    /// Its contenders are "NAME record", "NAME lines" and so on. The build that comes with this benchmark is compared
    /// with the first one, and so are the others; one whose NAME is twin-bridge takes the place of that. Settings that
    /// not all builds know are left out, and so is what growth costs; deliveries of the webhook are left out for those
    /// that do not know it.
    #[arg(long = "executable", value_name = "NAME=PATH")]
    pub executables: Vec<Executable>,
    /// Write to docs/performance as well as to target/bench.
    #[arg(long, conflicts_with = "executables")]
    pub write: bool,
    /// What cargo adds.
    #[arg(long, hide = true)]
    pub bench: bool,
    #[arg(skip)]
    pub smallest: bool,
}

pub fn role() -> Role {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some(AS_HUB) => Role::Hub,
        Some(AS_FLOOR) => Role::Floor,
        _ if arguments.iter().any(|argument| argument == "--bench" || argument == "--help") => {
            Role::Bench(Options::read(&arguments).unwrap_or_else(|error| error.exit()))
        }
        _ => {
            let names = arguments.iter().filter(|argument| !argument.starts_with('-'));
            let all = names.clone().next().is_none() && !arguments.iter().any(|argument| argument == "--list");
            Role::Test { wanted: all || names.into_iter().any(|name| "side_by_side".contains(name.as_str())) }
        }
    }
}

impl Options {
    /// Reads the arguments after the program's name.
    pub fn read(arguments: &[impl AsRef<str>]) -> Result<Self, clap::Error> {
        let program = std::iter::once("side_by_side");
        let options = Self::try_parse_from(program.chain(arguments.iter().map(AsRef::as_ref)))?;
        let names: Vec<_> = options.executables.iter().map(|executable| &executable.name).collect();
        match names.iter().enumerate().find(|&(index, name)| names[..index].contains(name)) {
            Some((_, name)) => {
                let twice = format!("two executables are called {name}");
                Err(Self::command().error(ErrorKind::ArgumentConflict, twice))
            }
            None => Ok(options),
        }
    }

    /// What `cargo test` runs: seconds in all, of nothing that has to be installed.
    pub fn smallest(more: &[&str]) -> Self {
        let smallest = ["--quick", "--seconds", "0.1", "--starts", "1", "--no-peers"];
        let options = Self::read(&[&smallest, more].concat()).unwrap();
        Self { smallest: true, ..options }
    }

    /// Of one measurement.
    pub fn seconds(&self) -> f64 {
        self.seconds.unwrap_or(match (self.executables.is_empty(), self.quick) {
            (true, false) => 5.0,
            (true, true) => 1.0,
            // Close to each other in time; rounds make up for that.
            (false, _) => 0.5,
        })
    }

    pub fn rounds(&self) -> u16 {
        self.rounds.unwrap_or(match (self.executables.is_empty(), self.quick) {
            (true, _) => 1,
            (false, false) => 20,
            (false, true) => 8,
        })
    }

    /// Of each contender.
    pub fn starts(&self) -> u16 {
        self.starts.unwrap_or(if self.quick { 5 } else { 15 })
    }

    /// By which deliveries arrive.
    pub fn ways(&self) -> &[Way] {
        self.way.as_ref().map_or(&Way::ALL, std::slice::from_ref)
    }

    /// All builds of twin-bridge that can be chosen.
    pub fn builds(&self) -> Vec<Executable> {
        let mut builds = self.executables.clone();
        if builds.iter().all(|build| build.name != Executable::OWN) {
            builds.push(Executable::own());
        }
        builds
    }

    /// Where results are written.
    pub fn folders(&self) -> Vec<PathBuf> {
        let root = root();
        let scratch = root.join(if self.smallest { "target/bench/smallest" } else { "target/bench" });
        let mut folders = vec![scratch];
        folders.extend(self.write.then(|| root.join("docs/performance")));
        folders
    }
}

/// The repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

//! What the command line asks for.

use std::path::PathBuf;

use clap::Parser;

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
    /// A small matrix, in some two minutes.
    #[arg(long)]
    pub quick: bool,
    /// Seconds of each measurement [default: 5, with --quick 1].
    #[arg(long, value_name = "SECONDS")]
    pub seconds: Option<f64>,
    /// How often each measurement is made, the contenders in turn; what is reported are medians.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub rounds: u16,
    /// Starts of each contender [default: 15, with --quick 5].
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    pub starts: Option<u16>,
    /// Only contenders whose name contains one of these, separated by commas.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Leave out the peers, which need Node.js, Python and the network once.
    #[arg(long)]
    pub no_peers: bool,
    /// Write to docs/performance as well as to target/bench.
    #[arg(long)]
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
            Role::Bench(Options::parse())
        }
        _ => {
            let names = arguments.iter().filter(|argument| !argument.starts_with('-'));
            let all = names.clone().next().is_none() && !arguments.iter().any(|argument| argument == "--list");
            Role::Test { wanted: all || names.into_iter().any(|name| "side_by_side".contains(name.as_str())) }
        }
    }
}

impl Options {
    /// What `cargo test` runs: seconds in all, of nothing that has to be installed.
    pub fn smallest() -> Self {
        Self {
            quick: true,
            seconds: Some(0.1),
            rounds: 2,
            starts: Some(1),
            only: Vec::new(),
            no_peers: true,
            write: false,
            bench: false,
            smallest: true,
        }
    }

    /// Of one measurement.
    pub fn seconds(&self) -> f64 {
        self.seconds.unwrap_or(if self.quick { 1.0 } else { 5.0 })
    }

    /// Of each contender.
    pub fn starts(&self) -> u16 {
        self.starts.unwrap_or(if self.quick { 5 } else { 15 })
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

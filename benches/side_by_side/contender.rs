//! What is compared, and how each is started.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    executable::Executable,
    options::{AS_FLOOR, Options, root},
    running::Running,
    variant::Variant,
    way::Way,
};

/// A handler to be measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contender {
    /// Reads the body and answers.
    Floor {
        /// As late as the hub would acknowledge, rather than at once.
        waits: bool,
    },
    /// This project.
    Bridge { build: Executable, variant: Variant },
    /// A handler on Microsoft's SDK for JavaScript, with this way of sending.
    Node { sender: &'static str },
    /// A handler on Microsoft's SDK for Python.
    Python,
}

const FLOORS: [Contender; 2] = [Contender::Floor { waits: false }, Contender::Floor { waits: true }];

const PEERS: [Contender; 4] = [
    Contender::Node { sender: "per-invocation" },
    Contender::Node { sender: "buffered" },
    Contender::Node { sender: "grouped" },
    Contender::Python,
];

/// Those that the options choose.
pub fn all(options: &Options) -> Vec<Contender> {
    let chosen = |contender: &Contender| {
        let name = contender.name();
        let named = options.only.is_empty() || options.only.iter().any(|part| name.contains(part.as_str()));
        named && options.ways().iter().any(|&way| contender.takes(way))
    };
    let builds = options.builds();
    for &way in options.ways() {
        for build in &builds {
            if !(Contender::Bridge { build: build.clone(), variant: Variant::Record }).takes(way) {
                println!("\"{}\" is left out of the way {}: it does not know it", build.name, way.name());
            }
        }
    }
    // The builds of one variant next to each other, which is when they are measured.
    let bridges = Variant::ALL.into_iter().flat_map(|variant| {
        let bridges = builds.iter().map(|build| Contender::Bridge { build: build.clone(), variant });
        comparable(bridges.filter(chosen).collect(), variant)
    });
    let peers = PEERS.into_iter().filter(|_| !options.no_peers);
    FLOORS.into_iter().filter(chosen).chain(bridges).chain(peers.filter(chosen)).collect()
}

/// These builds set up this way, or none where there are several and one does not know how.
fn comparable(bridges: Vec<Contender>, variant: Variant) -> Vec<Contender> {
    if bridges.len() > 1
        && let Some(build) = bridges.iter().filter_map(Contender::build).find(|build| !build.takes(variant.setting()))
    {
        let (setting, value) = variant.setting();
        println!("\"{}\" is left out: {} does not know {setting}={value}", variant.name(), build.name);
        return Vec::new();
    }
    bridges
}

/// Puts what the peers need under target/peers.
pub fn install_peers() {
    let installed = Command::new(root().join("benches/peers/install.sh")).status();
    let installed = installed.is_ok_and(|status| status.success());
    assert!(installed, "The peers can't be installed; see above. With --no-peers they are left out.");
}

impl Contender {
    pub fn name(&self) -> String {
        match self {
            Self::Floor { waits: false } => "floor".to_owned(),
            Self::Floor { waits: true } => "floor that waits".to_owned(),
            Self::Bridge { build, variant } => format!("{} {}", build.name, variant.name()),
            Self::Node { sender } => format!("Node.js {sender}"),
            Self::Python => "Python grouped".to_owned(),
        }
    }

    pub fn build(&self) -> Option<&Executable> {
        match self {
            Self::Bridge { build, .. } => Some(build),
            Self::Floor { .. } | Self::Node { .. } | Self::Python => None,
        }
    }

    pub fn variant(&self) -> Option<Variant> {
        match self {
            Self::Bridge { variant, .. } => Some(*variant),
            Self::Floor { .. } | Self::Node { .. } | Self::Python => None,
        }
    }

    /// What people would use instead.
    pub fn is_peer(&self) -> bool {
        matches!(self, Self::Node { .. } | Self::Python)
    }

    /// Whether it sends records at all.
    pub fn sends(&self) -> bool {
        !matches!(self, Self::Floor { .. })
    }

    /// Whether its start is measured: once for each program.
    pub fn is_started(&self) -> bool {
        matches!(
            self,
            Self::Floor { waits: false }
                | Self::Bridge { variant: Variant::Record, .. }
                | Self::Node { sender: "per-invocation" }
                | Self::Python
        )
    }

    /// Whether its growth is measured.
    pub fn grows(&self) -> bool {
        matches!(self, Self::Bridge { variant: Variant::Record | Variant::Lines, .. })
    }

    /// Whether it has a route for deliveries of this way.
    pub fn takes(&self, way: Way) -> bool {
        match self {
            Self::Floor { .. } => true,
            Self::Bridge { build, .. } => match way {
                Way::Function => true,
                Way::Webhook => build.has_webhook,
                Way::EventHub | Way::ServiceBus => build.has_messages,
            },
            Self::Node { .. } => matches!(way, Way::Function | Way::Webhook),
            Self::Python => way == Way::Function,
        }
    }

    /// How many events of the hub the records of a delivery become.
    pub fn hub_events(&self, events: usize, records: usize) -> usize {
        match self {
            Self::Bridge { variant, .. } if !variant.sends_single_records() => events,
            Self::Bridge { .. } | Self::Node { .. } | Self::Python => records,
            Self::Floor { .. } => 0,
        }
    }

    /// What has to be deployed beside the language's runtime, in bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::Floor { .. } => 0,
            Self::Bridge { build, .. } => fs::metadata(&build.path).unwrap().len(),
            Self::Node { .. } => size(&peers("node")),
            Self::Python => size(&peers("python/venv/lib")),
        }
    }

    /// Starts it as the host does, with a hub to send to.
    pub fn start(&self, connection_string: &str) -> Running {
        Running::start(self.command(), connection_string)
    }

    fn command(&self) -> Command {
        let mut command = match self {
            Self::Floor { .. } => {
                let mut command = Command::new(std::env::current_exe().unwrap());
                command.arg(AS_FLOOR);
                command
            }
            Self::Bridge { build, variant } => {
                let (setting, value) = variant.setting();
                let mut command = Command::new(&build.path);
                command.env(setting, value);
                command
            }
            Self::Node { sender } => {
                let mut command = Command::new("node");
                command.arg(peers("node/handler.mjs")).arg(sender).env("NODE_ENV", "production");
                command
            }
            Self::Python => {
                let mut command = Command::new(peers("python/venv/bin/python"));
                command.arg(peers("python/handler.py"));
                command
            }
        };
        command.stderr(self.log());
        command
    }

    /// Where its warnings and errors go.
    fn log(&self) -> File {
        let folder = root().join("target/bench/logs");
        fs::create_dir_all(&folder).unwrap();
        let name = self.name().replace(' ', "-");
        File::options().create(true).append(true).open(folder.join(name)).unwrap()
    }
}

fn peers(path: &str) -> PathBuf {
    root().join("target/peers").join(path)
}

/// Of all files in a folder, links not followed.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size(&entry.path()),
            Ok(metadata) if metadata.is_file() => metadata.len(),
            _ => 0,
        })
        .sum()
}

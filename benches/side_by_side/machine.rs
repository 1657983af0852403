//! Where and with what it was measured.

use std::{fs, process::Command};

use serde::Serialize;

use crate::{
    executable::Executable,
    options::{Options, root},
    process,
};

/// Names and what they have.
#[derive(Clone, Debug, Serialize)]
pub struct Machine(pub Vec<(String, String)>);

pub fn describe(options: &Options) -> Machine {
    let cpu = find("/proc/cpuinfo", "model name");
    let memory = find("/proc/meminfo", "MemTotal").trim_end_matches(" kB").parse().unwrap_or(0.0) / 1024.0 / 1024.0;
    let mut facts = vec![
        ("command", command()),
        ("processor", cpu),
        ("cores", format!("{}; {}", online_cores(), process::describe_cores())),
        ("memory", format!("{memory:.0} GiB")),
        ("system", output("uname", &["-sr"])),
        ("rustc", output("rustc", &["--version"])),
    ];
    let builds = options.builds();
    facts.extend(builds.iter().map(|build| (&*build.name, version(build))));
    if !options.no_peers {
        facts.extend([
            ("Node.js", format!("{} with {}", output("node", &["--version"]), npm_package())),
            ("Python", format!("{} with {}", output("python3", &["--version"]), requirements())),
        ]);
    }
    Machine(facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn version(build: &Executable) -> String {
    if *build == Executable::own() {
        output("git", &["describe", "--always", "--dirty", "--tags"])
    } else {
        build.path.display().to_string()
    }
}

fn command() -> String {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments = if arguments.is_empty() { String::new() } else { format!(" -- {}", arguments.join(" ")) };
    format!("cargo bench --bench side_by_side{arguments}")
}

fn online_cores() -> usize {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    cpuinfo.lines().filter(|line| line.starts_with("processor")).count()
}

fn find(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.split_once(':'));
    line.map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(root()).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    if text.is_empty() { "unknown".to_owned() } else { text }
}

fn npm_package() -> String {
    let text = fs::read_to_string(root().join("benches/peers/package.json")).unwrap_or_default();
    let package: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let packages = package["dependencies"].as_object().into_iter().flatten();
    packages
        .map(|(name, version)| format!("{name} {}", version.as_str().unwrap_or_default()))
        .collect::<Vec<_>>()
        .join(", ")
}

fn requirements() -> String {
    let text = fs::read_to_string(root().join("benches/peers/requirements.txt")).unwrap_or_default();
    text.lines().map(|line| line.replace("==", " ")).collect::<Vec<_>>().join(", ")
}

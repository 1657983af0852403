//! Processes as Linux sees them: which cores they may use, what processor time and memory they take.

use std::{
    collections::HashMap,
    fs, io,
    process::{Child, Command},
    time::Duration,
};

/// Of one tick in `/proc/<pid>/stat`, on every Linux that we know.
const TICK: Duration = Duration::from_millis(10);

/// The parts of a measurement, which keep out of each other's way as far as there are cores.
#[derive(Clone, Copy)]
pub enum Part {
    Contender,
    Hub,
    Driver,
}

/// The cores that this process may use at first.
fn cores() -> &'static [usize] {
    static CORES: std::sync::OnceLock<Vec<usize>> = std::sync::OnceLock::new();
    CORES.get_or_init(allowed_cores)
}

/// How many there are, and whether parts are bound to them.
pub fn describe_cores() -> String {
    match cores().len() {
        0 | 1 => "not bound to cores".to_owned(),
        2 => "the contender on one core; the hub and the driver together on the other".to_owned(),
        _ => "the contender, the hub and the driver on a core each".to_owned(),
    }
}

/// Whether the hub and the driver share a core.
pub fn hub_shares_core() -> bool {
    cores().len() < 3
}

#[cfg(target_os = "linux")]
fn allowed_cores() -> Vec<usize> {
    let set = rustix::thread::sched_getaffinity(None).unwrap();
    (0..rustix::thread::CpuSet::MAX_CPU).filter(|&core| set.is_set(core)).collect()
}

#[cfg(not(target_os = "linux"))]
fn allowed_cores() -> Vec<usize> {
    Vec::new()
}

/// Binds this thread, and every thread and process that it starts from now on, to the part's core.
pub fn use_core(part: Part) {
    let cores = cores();
    if cores.len() < 2 {
        return;
    }
    let core = match part {
        Part::Contender => cores[0],
        Part::Hub => cores[1],
        Part::Driver => cores[cores.len().min(3) - 1],
    };
    bind(core);
}

#[cfg(target_os = "linux")]
fn bind(core: usize) {
    let mut set = rustix::thread::CpuSet::new();
    set.set(core);
    rustix::thread::sched_setaffinity(None, &set).unwrap();
}

#[cfg(not(target_os = "linux"))]
fn bind(_: usize) {}

/// Starts a process on the part's core. A process inherits the cores of the thread that starts it.
pub fn spawn(command: &mut Command, part: Part) -> Child {
    use_core(part);
    let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    use_core(Part::Driver);
    child
}

/// User and system time of the threads that a process and its descendants have now. To the nanosecond: in ticks, a
/// second of a contender that has little to do would be known to a tenth.
pub fn processor_time(pid: u32) -> Duration {
    tree(pid).into_iter().map(|stat| threads_time(stat.pid)).sum()
}

fn threads_time(pid: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().filter_map(Result::ok);
    let nanoseconds = threads.filter_map(|thread| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}

/// User and system time of this process alone, without what it has started but with all threads that have ended: those
/// that deliver end with each measurement.
pub fn own_processor_time() -> Duration {
    stat(std::process::id()).map(|stat| TICK * stat.ticks).unwrap_or_default()
}

/// The most memory that a process and its descendants have had since [`forget_peak`], in bytes.
pub fn peak_memory(pid: u32) -> u64 {
    tree(pid).into_iter().map(|stat| memory(stat.pid, "VmHWM:")).sum()
}

/// The memory that a process and its descendants have now, in bytes.
pub fn resident_memory(pid: u32) -> u64 {
    tree(pid).into_iter().map(|stat| memory(stat.pid, "VmRSS:")).sum()
}

/// Lets the peak begin anew.
pub fn forget_peak(pid: u32) {
    for stat in tree(pid) {
        // Where the system does not allow it, the peak is that since the start.
        let _ = fs::write(format!("/proc/{}/clear_refs", stat.pid), "5");
    }
}

fn memory(pid: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() * 1024
}

struct Stat {
    pid: u32,
    parent: u32,
    ticks: u32,
}

/// A process and its descendants.
fn tree(root: u32) -> Vec<Stat> {
    let pids = fs::read_dir("/proc").into_iter().flatten();
    let pids = pids.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let mut all: HashMap<u32, Stat> = pids.filter_map(|pid| Some((pid, stat(pid).ok()?))).collect();
    let mut found: Vec<_> = all.remove(&root).into_iter().collect();
    let mut next = 0;
    while let Some(parent) = found.get(next).map(|stat| stat.pid) {
        let children: Vec<_> = all.values().filter(|stat| stat.parent == parent).map(|stat| stat.pid).collect();
        found.extend(children.iter().filter_map(|child| all.remove(child)));
        next += 1;
    }
    found
}

fn stat(pid: u32) -> io::Result<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name stands in parentheses and may hold anything; the fields after it are numbered from 3.
    let fields: Vec<_> = text.rsplit_once(')').unwrap_or_default().1.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3).and_then(|field| field.parse().ok()).unwrap_or_default();
    Ok(Stat { pid, parent: field(4), ticks: field(14) + field(15) })
}

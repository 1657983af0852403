//! The files of the function app, staged in a folder and packed into a zip.

use std::{
    fs::{self, File},
    io::{self, Seek, Write},
    path::{Path, PathBuf},
};

use zip::{CompressionMethod, DateTime, System, ZipWriter, write::SimpleFileOptions};

/// The executable's name in the package: `host.json` names it, and `func` looks for exactly this.
pub const EXECUTABLE: &str = "twin-bridge";

/// The zip's name in the staged folder. `.funcignore` lets pass what begins with the executable's name, so it must not.
pub const ZIP: &str = "package.zip";

/// One file of the package.
#[derive(Debug)]
pub struct Entry {
    /// Its path in the package, with slashes.
    pub name: &'static str,
    /// Where it is now.
    pub source: PathBuf,
    /// Its mode in the zip.
    pub mode: u32,
}

/// A way in: a function of the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trigger {
    /// Event Grid's own request, forwarded.
    Webhook,
    /// The Event Grid trigger.
    Function,
    /// The Event Hubs trigger. Without its app settings it keeps the whole host from starting.
    EventHub,
    /// The Service Bus trigger.
    ServiceBus,
}

impl Trigger {
    /// All that there are.
    pub const ALL: [Self; 4] = [Self::Webhook, Self::Function, Self::EventHub, Self::ServiceBus];

    /// Those that need no app setting of their own.
    pub const DEFAULT: [Self; 2] = [Self::Webhook, Self::Function];

    /// What it is called: the name of the function, and of its folder in the package.
    pub fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Function => "function",
            Self::EventHub => "event-hub",
            Self::ServiceBus => "service-bus",
        }
    }

    fn entry(self, root: &Path) -> Entry {
        let (name, source) = match self {
            Self::Webhook => ("webhook/function.json", "webhook/function.json"),
            Self::Function => ("function/function.json", "function/function.json"),
            Self::EventHub => ("event-hub/function.json", "triggers/event-hub/function.json"),
            Self::ServiceBus => ("service-bus/function.json", "triggers/service-bus/function.json"),
        };
        Entry { name, source: root.join(source), mode: 0o644 }
    }
}

/// The files of the package, in the order of their names: those of the repository at `root`, with the functions for
/// `triggers`, and the executable.
pub fn entries(root: &Path, triggers: &[Trigger], executable: &Path) -> Vec<Entry> {
    let functions = Trigger::ALL.into_iter().filter(|trigger| triggers.contains(trigger));
    let host = Entry { name: "host.json", source: root.join("host.json"), mode: 0o644 };
    // What `func` gives it; the host starts the handler as another user than the one that unpacks it.
    let executable = Entry { name: EXECUTABLE, source: executable.to_owned(), mode: 0o777 };
    let mut entries: Vec<_> = functions.map(|trigger| trigger.entry(root)).chain([host, executable]).collect();
    entries.sort_by_key(|entry| entry.name);
    entries
}

/// Makes `folder` what `func azure functionapp publish` can be run in, with the zip beside it for everyone else.
pub fn stage(root: &Path, entries: &[Entry], folder: &Path) -> io::Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    for entry in entries {
        let target = folder.join(entry.name);
        fs::create_dir_all(target.parent().unwrap_or(folder))?;
        // The mode comes with it, so that the staged executable runs here too.
        fs::copy(&entry.source, target)?;
    }
    // Keeps the zip, which lies in the same folder, out of what `func` uploads.
    fs::copy(root.join(".funcignore"), folder.join(".funcignore"))?;
    let zip = folder.join(ZIP);
    write(entries, File::create(&zip)?)?;
    Ok(zip)
}

/// Writes the zip. Equal files give equal bytes: no times, no owners, a fixed order.
pub fn write(entries: &[Entry], to: impl Write + Seek) -> io::Result<()> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(DateTime::default())
        // Modes count only in archives of this system, on whichever it is written.
        .system(System::Unix);
    let mut zip = ZipWriter::new(to);
    for entry in entries {
        zip.start_file(entry.name, options.unix_permissions(entry.mode))?;
        io::copy(&mut File::open(&entry.source)?, &mut zip)?;
    }
    zip.finish()?;
    Ok(())
}

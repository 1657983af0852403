//! The function app with the bridge, in a folder of its own, and the host that runs it.

use std::{error, fs, io, path::Path};

use local_azure::functions_host::{self, FunctionKey, FunctionsHost, Handler, Log, Progress, Storage};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::{
    cargo,
    options::{Options, Way},
    storage::storage,
};

const PORT: u16 = 7071;

/// The key of the webhook. Everybody may know it, as that of Azurite: for those who post events by hand.
const FUNCTION_KEY: &str = "local";

/// So many changes a second, and the records of each travel together, as they should in a hub that is paid for.
const MANY: f64 = 200.0;

/// Why a piece can't start.
pub(crate) type Error = Box<dyn error::Error + Send + Sync>;

/// An app at work.
#[derive(Debug)]
pub(crate) struct App {
    host: FunctionsHost,
    /// Also keeps how far the source hub has been read, which must not outlive that hub. Goes when it is dropped.
    _folder: TempDir,
}

impl App {
    /// Starts the host with these app settings and those that every way needs.
    pub(crate) async fn start(
        options: &Options,
        settings: Vec<(&'static str, String)>,
        log: Log,
    ) -> Result<Self, Error> {
        let executable = match &options.handler {
            Some(path) => path.clone(),
            None => cargo::build()?,
        };
        let folder = staged(options.way)?;
        let mut config = functions_host::Config::new(folder.path(), Storage::Folder(folder.path().join("storage")));
        config.listen = options.listen(PORT);
        config.function_key = FunctionKey::new(FUNCTION_KEY);
        config.handler = Handler::Executable(executable);
        config.environment = settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if options.changes_per_second() >= MANY && std::env::var_os("EVENT_HUB_BODY").is_none() {
            config.environment.push(("EVENT_HUB_BODY".to_owned(), "lines".to_owned()));
        }
        // The handler takes the account from its environment, as in Azure, and else writes beside Event Grid.
        if let Storage::Folder(folder) = storage() {
            let url = format!("file://{}", folder.join("dead-letter").display());
            config.environment.push(("DEAD_LETTERS".to_owned(), url));
        }
        config.log = log;
        Ok(Self { host: FunctionsHost::start(config).await?, _folder: folder })
    }

    /// Where Event Grid delivers to.
    pub(crate) fn url(&self, way: Way) -> Result<String, Error> {
        match way {
            Way::Function => Ok(self.host.webhook_url(way.function())),
            _ => self.host.function_url(way.function()).ok_or_else(|| without(way, "an HTTP trigger")),
        }
    }

    /// How far the function has read the hub that it is triggered by.
    pub(crate) fn progress(&self, way: Way) -> Result<watch::Receiver<Progress>, Error> {
        self.host.progress(way.function()).ok_or_else(|| without(way, "an Event Hubs trigger"))
    }

    /// Returns when the host has given the handler up.
    pub(crate) async fn closed(&self) {
        self.host.closed().await;
    }

    /// Lets what is under way end.
    pub(crate) async fn stop(self) {
        self.host.stop().await;
    }
}

fn without(way: Way, trigger: &str) -> Error {
    format!("the app has no function {:?} with {trigger}", way.function()).into()
}

/// A folder with an app that has the function of this way.
fn staged(way: Way) -> io::Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("local-azure-").tempdir()?;
    let function = folder.path().join(way.function());
    fs::create_dir(&function)?;
    copy(&cargo::root().join("host.json"), &folder.path().join("host.json"))?;
    copy(&cargo::root().join(way.folder()).join("function.json"), &function.join("function.json"))?;
    Ok(folder)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let copied = fs::copy(from, to);
    copied.map(drop).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", from.display())))
}

//! The function app on disk: `host.json` and the `function.json` of each function, read once when the host starts.
//!
//! What the stand-in can't do (another trigger, another kind of output) is an error here, not a surprise later.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::event_hub_trigger::EventHubOptions;
use super::function::{EventGridFunction, EventHubFunction, HttpFunction, ServiceBusFunction};
use super::function_json::{Declared, FunctionJson};
use super::service_bus_trigger::ServiceBusOptions;
use super::timespan;

/// How long an invocation may take where `host.json` doesn't say (every plan but Consumption, which has 5 minutes).
const DEFAULT_FUNCTION_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// How long the handler may take to answer for the first time.
const DEFAULT_INITIALIZATION_TIMEOUT: Duration = Duration::from_secs(30);

/// Something in the folder of the function app is not as it must be.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A file or folder that can't be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file that is no JSON, or not of the shape that it must have.
    #[error("{path}: {source}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// A file that says something that makes no sense, or that the stand-in doesn't support.
    #[error("{path}: {problem}")]
    Unusable {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

/// A function app with a custom handler.
#[derive(Debug)]
pub(super) struct App {
    pub(super) custom_handler: CustomHandler,
    pub(super) function_timeout: Duration,
    pub(super) event_grid_functions: BTreeMap<String, Arc<EventGridFunction>>,
    pub(super) event_hub_functions: Vec<EventHubFunction>,
    pub(super) event_hub_options: EventHubOptions,
    pub(super) http_functions: BTreeMap<String, HttpFunction>,
    pub(super) service_bus_functions: Vec<ServiceBusFunction>,
    pub(super) service_bus_options: ServiceBusOptions,
}

/// The section `customHandler` of `host.json`.
#[derive(Debug)]
pub(super) struct CustomHandler {
    pub(super) executable: Option<String>,
    pub(super) arguments: Vec<String>,
    pub(super) working_directory: Option<String>,
    pub(super) stderr_is_errors: bool,
    pub(super) initialization_timeout: Duration,
}

impl App {
    /// Reads the app in the folder `root`.
    pub(super) fn read(root: &Path) -> Result<Self, AppError> {
        let path = root.join("host.json");
        let host: HostJson = read_json(&path)?;
        let unusable = |problem: String| AppError::Unusable { path: path.clone(), problem };
        if host.version != "2.0" {
            return Err(unusable(format!("version is {:?}, must be \"2.0\"", host.version)));
        }
        let span = |name: &str, text: Option<String>, default: Duration| match text {
            None => Ok(default),
            Some(text) => timespan::parse(&text)
                .ok_or_else(|| unusable(format!("{name} is {text:?}, must be a time span such as \"00:05:00\""))),
        };
        let function_timeout = span("functionTimeout", host.function_timeout, DEFAULT_FUNCTION_TIMEOUT)?;
        let section = host.custom_handler.unwrap_or_default();
        let description = section.description.unwrap_or_default();
        let custom_handler = CustomHandler {
            executable: description.default_executable_path,
            arguments: description.arguments,
            working_directory: description.working_directory,
            stderr_is_errors: description.use_std_error_stream_for_errors_only.unwrap_or(true),
            initialization_timeout: span(
                "customHandler.initializationTimeout",
                section.initialization_timeout,
                DEFAULT_INITIALIZATION_TIMEOUT,
            )?,
        };
        let mut app = Self {
            custom_handler,
            function_timeout,
            event_grid_functions: BTreeMap::new(),
            event_hub_functions: Vec::new(),
            event_hub_options: host.extensions.event_hubs,
            http_functions: BTreeMap::new(),
            service_bus_functions: Vec::new(),
            service_bus_options: host.extensions.service_bus,
        };
        app.add_functions(root)?;
        if !section.enable_forwarding_http_request
            && let Some(name) = app.http_functions.keys().next()
        {
            return Err(unusable(format!(
                "the function {name:?} has an HTTP trigger, and the local host only knows those whose requests are \
                 forwarded: set customHandler.enableForwardingHttpRequest to true"
            )));
        }
        Ok(app)
    }

    fn add_functions(&mut self, root: &Path) -> Result<(), AppError> {
        let unreadable = |source| AppError::Unreadable { path: root.to_owned(), source };
        for entry in fs::read_dir(root).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let path = entry.path().join("function.json");
            if path.is_file() {
                self.add_function(entry.file_name().to_string_lossy().into_owned(), path)?;
            }
        }
        if self.functions() == 0 {
            let problem = "no function found: no sub-folder holds a function.json".to_owned();
            return Err(AppError::Unusable { path: root.to_owned(), problem });
        }
        Ok(())
    }

    fn functions(&self) -> usize {
        let of_brokers = self.event_hub_functions.len() + self.service_bus_functions.len();
        self.event_grid_functions.len() + self.http_functions.len() + of_brokers
    }

    fn add_function(&mut self, name: String, path: PathBuf) -> Result<(), AppError> {
        let json: FunctionJson = read_json(&path)?;
        match json.into_function(name.clone()).map_err(|problem| AppError::Unusable { path, problem })? {
            Declared::EventGrid(function) => {
                self.event_grid_functions.insert(name, Arc::new(function));
            }
            Declared::EventHub(function) => self.event_hub_functions.push(function),
            Declared::Http(function) => {
                self.http_functions.insert(name, function);
            }
            Declared::ServiceBus(function) => self.service_bus_functions.push(function),
        }
        Ok(())
    }
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, AppError> {
    let text = fs::read(path).map_err(|source| AppError::Unreadable { path: path.to_owned(), source })?;
    serde_json::from_slice(&text).map_err(|source| AppError::Malformed { path: path.to_owned(), source })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HostJson {
    version: String,
    function_timeout: Option<String>,
    custom_handler: Option<CustomHandlerJson>,
    #[serde(default)]
    extensions: ExtensionsJson,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ExtensionsJson {
    event_hubs: EventHubOptions,
    service_bus: ServiceBusOptions,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CustomHandlerJson {
    description: Option<DescriptionJson>,
    initialization_timeout: Option<String>,
    #[serde(default)]
    enable_forwarding_http_request: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescriptionJson {
    default_executable_path: Option<String>,
    #[serde(default)]
    arguments: Vec<String>,
    working_directory: Option<String>,
    use_std_error_stream_for_errors_only: Option<bool>,
}

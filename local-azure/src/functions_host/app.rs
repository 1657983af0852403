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

use super::blob_path::BlobPath;
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
    pub(super) functions: BTreeMap<String, Arc<Function>>,
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

/// A function with an Event Grid trigger.
#[derive(Debug)]
pub(super) struct Function {
    /// The name of its folder.
    pub(super) name: String,
    pub(super) trigger: Trigger,
    pub(super) outputs: Vec<Output>,
}

/// The trigger binding.
#[derive(Debug)]
pub(super) struct Trigger {
    pub(super) name: String,
    pub(super) cardinality: Cardinality,
}

/// How many events an invocation gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Cardinality {
    /// One; the events of a delivery are invoked in parallel.
    #[default]
    One,
    /// All events of a delivery.
    Many,
}

/// A blob output binding.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) name: String,
    pub(super) path: BlobPath,
    /// `dataType: "binary"`: a text is written as it is, even if it is base64.
    pub(super) binary: bool,
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
        Ok(Self { custom_handler, function_timeout, functions: functions(root)? })
    }
}

fn functions(root: &Path) -> Result<BTreeMap<String, Arc<Function>>, AppError> {
    let unreadable = |source| AppError::Unreadable { path: root.to_owned(), source };
    let mut functions = BTreeMap::new();
    for entry in fs::read_dir(root).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path().join("function.json");
        if path.is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            functions.insert(name.clone(), Arc::new(Function::read(name, &path)?));
        }
    }
    if functions.is_empty() {
        let problem = "no function found: no sub-folder holds a function.json".to_owned();
        return Err(AppError::Unusable { path: root.to_owned(), problem });
    }
    Ok(functions)
}

impl Function {
    fn read(name: String, path: &Path) -> Result<Self, AppError> {
        let unusable = |problem: String| AppError::Unusable { path: path.to_owned(), problem };
        let json: FunctionJson = read_json(path)?;
        let mut trigger = None;
        let mut outputs = Vec::new();
        for binding in json.bindings {
            match (binding.kind.to_lowercase().as_str(), binding.direction.as_deref().map(str::to_lowercase).as_deref())
            {
                ("eventgridtrigger", _) if trigger.is_some() => {
                    return Err(unusable("more than one trigger".to_owned()));
                }
                ("eventgridtrigger", _) => trigger = Some(binding.trigger().map_err(unusable)?),
                ("blob", Some("out")) => outputs.push(binding.output().map_err(unusable)?),
                (kind, direction) => {
                    let direction = direction.unwrap_or("in");
                    return Err(unusable(format!(
                        "binding {:?} is of type {kind:?}, direction {direction:?}; the local host knows eventGridTrigger and blob \
                         outputs only",
                        binding.name
                    )));
                }
            }
        }
        let trigger = trigger.ok_or_else(|| unusable("no binding of type eventGridTrigger".to_owned()))?;
        Ok(Self { name, trigger, outputs })
    }
}

impl BindingJson {
    fn trigger(self) -> Result<Trigger, String> {
        let cardinality = match self.cardinality.as_deref().map(str::to_lowercase).as_deref() {
            None => Cardinality::default(),
            Some("one") => Cardinality::One,
            Some("many") => Cardinality::Many,
            Some(other) => return Err(format!("cardinality is {other:?}, must be \"one\" or \"many\"")),
        };
        Ok(Trigger { name: self.name, cardinality })
    }

    fn output(self) -> Result<Output, String> {
        let path = self.path.ok_or_else(|| format!("blob output {:?} has no path", self.name))?;
        let path =
            BlobPath::parse(&path).map_err(|problem| format!("path of blob output {:?}: {problem}", self.name))?;
        let binary = self.data_type.is_some_and(|kind| kind.eq_ignore_ascii_case("binary"));
        Ok(Output { name: self.name, path, binary })
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
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CustomHandlerJson {
    description: Option<DescriptionJson>,
    initialization_timeout: Option<String>,
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

#[derive(Deserialize)]
struct FunctionJson {
    bindings: Vec<BindingJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BindingJson {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    direction: Option<String>,
    cardinality: Option<String>,
    path: Option<String>,
    data_type: Option<String>,
}

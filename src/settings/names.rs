//! The names of all settings.
//!
//! Those of the hub and of the storage account follow the connection conventions of Azure Functions (learn.microsoft.com, "Create identity-based
//! connections with Functions triggers and bindings").

pub(super) const EVENT_HUB: &str = "EVENT_HUB";
pub(super) const EVENT_HUB_NAMESPACE: &str = "EVENT_HUB__fullyQualifiedNamespace";
pub(super) const EVENT_HUB_CLIENT_ID: &str = "EVENT_HUB__clientId";
pub(super) const EVENT_HUB_NAME: &str = "EVENT_HUB_NAME";
pub(super) const EVENT_HUB_PRODUCER: &str = "EVENT_HUB_PRODUCER";
pub(super) const EVENT_HUB_BODY: &str = "EVENT_HUB_BODY";
pub(super) const EVENT_HUB_TABLES: &str = "EVENT_HUB_TABLES";
pub(super) const RECORD_FORMAT: &str = "RECORD_FORMAT";
pub(super) const OBJECT_VALUES: &str = "OBJECT_VALUES";
pub(super) const SERVICE_ID: &str = "SERVICE_ID";
pub(super) const DELIVERY_TIMEOUT: &str = "DELIVERY_TIMEOUT";
pub(super) const SERVICE_BUS_TIMEOUT: &str = "SERVICE_BUS_TIMEOUT";
/// Read by the host, for the trigger `event-hub`: the hub that Azure Digital Twins sends to.
pub(super) const SOURCE_EVENT_HUB: &str = "SOURCE_EVENT_HUB";
pub(super) const SOURCE_EVENT_HUB_NAMESPACE: &str = "SOURCE_EVENT_HUB__fullyQualifiedNamespace";
pub(super) const SOURCE_EVENT_HUB_NAME: &str = "SOURCE_EVENT_HUB_NAME";
/// The host's own: its account, in which dead letters lie too.
pub(super) const STORAGE: &str = "AzureWebJobsStorage";
pub(super) const STORAGE_ACCOUNT: &str = "AzureWebJobsStorage__accountName";
pub(super) const STORAGE_BLOBS: &str = "AzureWebJobsStorage__blobServiceUri";
pub(super) const STORAGE_CLIENT_ID: &str = "AzureWebJobsStorage__clientId";
pub(super) const DEAD_LETTERS: &str = "DEAD_LETTERS";
pub(super) const LOG_LEVEL: &str = "LOG_LEVEL";
pub(super) const LOG_FORMAT: &str = "LOG_FORMAT";
/// Set by the Functions host for its custom handler.
pub(super) const HANDLER_PORT: &str = "FUNCTIONS_CUSTOMHANDLER_PORT";
/// The user-assigned identity of the whole app, by the convention of the Azure SDKs.
pub(super) const AZURE_CLIENT_ID: &str = "AZURE_CLIENT_ID";
/// Set by Azure App Service and Functions where a managed identity is assigned.
pub(super) const IDENTITY_ENDPOINT: &str = "IDENTITY_ENDPOINT";

/// Standard names (opentelemetry.io, "OTLP Exporter Configuration" and "General SDK Configuration"). The SDK reads the
/// endpoints again, and all else, itself.
pub(super) const OTEL_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
pub(super) const OTEL_TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
pub(super) const OTEL_METRICS_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";
pub(super) const OTEL_SDK_DISABLED: &str = "OTEL_SDK_DISABLED";

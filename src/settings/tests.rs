use std::{collections::HashMap, time::Duration};

use event_hub_producer::{Access, Body, Client};
use tracing::level_filters::LevelFilter;
use twin_records::{ObjectValues, RecordFormat};

use super::{
    names::{
        AZURE_CLIENT_ID, DELIVERY_TIMEOUT, EVENT_HUB, EVENT_HUB_BODY, EVENT_HUB_CLIENT_ID, EVENT_HUB_NAME,
        EVENT_HUB_NAMESPACE, EVENT_HUB_PRODUCER, EVENT_HUB_TABLES, HANDLER_PORT, IDENTITY_ENDPOINT, LOG_FORMAT,
        LOG_LEVEL, OBJECT_VALUES, OTEL_ENDPOINT, OTEL_METRICS_ENDPOINT, OTEL_SDK_DISABLED, OTEL_TRACES_ENDPOINT,
        RECORD_FORMAT, SERVICE_BUS_TIMEOUT, SERVICE_ID,
    },
    *,
};
use crate::logging::LogFormat;

const CONNECTION_STRING: &str =
    "Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=c2VjcmV0;EntityPath=twins";

fn read(settings: &[(&str, &str)]) -> Result<Settings, Mistakes> {
    let settings: HashMap<_, _> = settings.iter().copied().collect();
    Settings::read(|name| settings.get(name).map(|&value| value.to_owned()))
}

fn read_with(more: &[(&str, &str)]) -> Result<Settings, Mistakes> {
    read(&[&[(HANDLER_PORT, "7072"), (EVENT_HUB, CONNECTION_STRING)], more].concat())
}

fn access(more: &[(&str, &str)]) -> Access {
    read(
        &[
            &[(HANDLER_PORT, "1"), (EVENT_HUB_NAME, "twins"), (EVENT_HUB_NAMESPACE, "contoso.servicebus.windows.net")],
            more,
        ]
        .concat(),
    )
    .unwrap()
    .hub
    .access
}

#[test]
fn a_connection_string_is_enough() {
    let settings = read_with(&[]).unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:7072");
    assert_eq!(settings.hub.name, "twins");
    assert_eq!(settings.bridge.records, RecordConfig::default());
    assert_eq!(settings.bridge.delivery_timeout, Duration::from_secs(25));
    assert_eq!(settings.bridge.service_bus_timeout, Duration::from_secs(240));
    assert_eq!(settings.log, LogConfig { level: LevelFilter::INFO, format: LogFormat::Text });
}

#[test]
fn the_hub_name_can_be_set_apart() {
    assert_eq!(read_with(&[(EVENT_HUB_NAME, "other")]).unwrap().hub.name, "other");
}

#[test]
fn identity_is_managed_in_azure_and_the_developers_elsewhere() {
    let namespace = "contoso.servicebus.windows.net".to_owned();
    assert_eq!(access(&[]), Access::DeveloperLogin { namespace: namespace.clone() });
    let managed = |client_id: Option<&str>| Access::ManagedIdentity {
        namespace: namespace.clone(),
        client_id: client_id.map(str::to_owned),
    };
    let azure = (IDENTITY_ENDPOINT, "http://127.0.0.1:41/msi/token");
    assert_eq!(access(&[azure]), managed(None));
    assert_eq!(access(&[azure, (AZURE_CLIENT_ID, "app")]), managed(Some("app")));
    assert_eq!(access(&[azure, (AZURE_CLIENT_ID, "app"), (EVENT_HUB_CLIENT_ID, "hub")]), managed(Some("hub")));
}

#[test]
fn the_other_settings_are_read() {
    let settings = read_with(&[
        (RECORD_FORMAT, "time-series-insights"),
        (OBJECT_VALUES, "Keep"),
        (EVENT_HUB_PRODUCER, "sdk"),
        (EVENT_HUB_BODY, "lines"),
        (EVENT_HUB_TABLES, "Properties, Twins,Relationships"),
        (SERVICE_ID, "contoso.api.weu.digitaltwins.azure.net"),
        (DELIVERY_TIMEOUT, "1500ms"),
        (LOG_LEVEL, "debug"),
        (LOG_FORMAT, "json"),
    ])
    .unwrap();
    assert_eq!(settings.bridge.records.format, RecordFormat::TimeSeriesInsights);
    assert_eq!(settings.bridge.records.object_values, ObjectValues::Keep);
    assert_eq!(settings.hub.client, Client::Sdk);
    assert_eq!(settings.hub.body, Body::Lines);
    let tables = settings.bridge.tables.unwrap();
    assert_eq!([&*tables.property, &*tables.twin, &*tables.relationship], ["Properties", "Twins", "Relationships"]);
    assert_eq!(settings.bridge.records.service_id.as_deref(), Some("contoso.api.weu.digitaltwins.azure.net"));
    assert_eq!(settings.bridge.delivery_timeout, Duration::from_millis(1500));
    assert_eq!(settings.log, LogConfig { level: LevelFilter::DEBUG, format: LogFormat::Json });
}

#[test]
fn an_empty_setting_is_as_good_as_absent() {
    assert_eq!(
        read_with(&[(OBJECT_VALUES, ""), (SERVICE_ID, " "), (EVENT_HUB_NAMESPACE, "")]).unwrap(),
        read_with(&[]).unwrap()
    );
}

#[test]
fn telemetry_goes_where_a_setting_says_and_nowhere_else() {
    let telemetry = |settings: &[(&str, &str)]| {
        let TelemetryConfig { traces, metrics } = read_with(settings).unwrap().telemetry;
        (traces, metrics)
    };
    let collector = "http://127.0.0.1:4318";
    assert_eq!(telemetry(&[]), (false, false));
    assert_eq!(telemetry(&[(OTEL_ENDPOINT, "")]), (false, false));
    assert_eq!(telemetry(&[(OTEL_ENDPOINT, collector)]), (true, true));
    assert_eq!(telemetry(&[(OTEL_TRACES_ENDPOINT, collector)]), (true, false));
    assert_eq!(telemetry(&[(OTEL_METRICS_ENDPOINT, collector)]), (false, true));
    assert_eq!(telemetry(&[(OTEL_ENDPOINT, collector), (OTEL_SDK_DISABLED, "True")]), (false, false));
    assert_eq!(telemetry(&[(OTEL_ENDPOINT, collector), (OTEL_SDK_DISABLED, "no")]), (true, true));
}

#[test]
fn all_mistakes_are_reported_together() {
    let mistakes = read(&[
        (HANDLER_PORT, "70000"),
        (EVENT_HUB_NAMESPACE, "sb://contoso.servicebus.windows.net/"),
        (RECORD_FORMAT, "csv"),
        (OBJECT_VALUES, "both"),
        (EVENT_HUB_PRODUCER, "kafka"),
        (EVENT_HUB_BODY, "xml"),
        (EVENT_HUB_TABLES, "Properties,,Relationships"),
        (DELIVERY_TIMEOUT, "30s"),
        (LOG_LEVEL, "loud"),
        (LOG_FORMAT, "xml"),
    ]);
    insta::assert_snapshot!(mistakes.unwrap_err(), @"twin-bridge can't start with these app settings: (1) EVENT_HUB__fullyQualifiedNamespace must be a host name like contoso.servicebus.windows.net, without sb:// or a path. (2) Set EVENT_HUB_NAME to the event hub's name, or add EntityPath to EVENT_HUB. (3) EVENT_HUB_PRODUCER must be one of: amqp, sdk. (4) EVENT_HUB_BODY must be one of: record, lines, array. (5) FUNCTIONS_CUSTOMHANDLER_PORT must be a port, 0 to 65535. (6) RECORD_FORMAT must be one of: data-history, time-series-insights. (7) OBJECT_VALUES must be one of: flatten, keep. (8) EVENT_HUB_TABLES must name three tables, <property>,<twin>,<relationship>, like AdtPropertyEvents,AdtTwinLifecycleEvents,AdtRelationshipLifecycleEvents. (9) DELIVERY_TIMEOUT must be a time like 25s or 800ms, above 0 and at most 29s: Event Grid waits 30 s for an answer. (10) LOG_LEVEL must be one of: error, warn, info, debug, trace. (11) LOG_FORMAT must be one of: text, json.");
}

#[test]
fn nothing_set_says_what_to_set() {
    insta::assert_snapshot!(read(&[]).unwrap_err(), @"twin-bridge can't start with these app settings: (1) Set EVENT_HUB__fullyQualifiedNamespace to <namespace>.servicebus.windows.net (identity), or EVENT_HUB to a connection string. (2) Set EVENT_HUB_NAME to the event hub's name, or add EntityPath to EVENT_HUB. (3) FUNCTIONS_CUSTOMHANDLER_PORT is not set. The Functions host sets it; to run twin-bridge by hand, set it to a free port.");
}

#[test]
fn a_bad_connection_string_is_named_but_not_shown() {
    let mistakes = read(&[(HANDLER_PORT, "1"), (EVENT_HUB, "SharedAccessKeyName=a;SharedAccessKey=c2VjcmV0")]);
    insta::assert_snapshot!(mistakes.unwrap_err(), @"twin-bridge can't start with these app settings: (1) EVENT_HUB has no Endpoint.");
    let both = read_with(&[(EVENT_HUB_NAMESPACE, "contoso.servicebus.windows.net")]);
    insta::assert_snapshot!(both.unwrap_err(), @"twin-bridge can't start with these app settings: (1) Set EVENT_HUB or EVENT_HUB__fullyQualifiedNamespace, not both.");
}

#[test]
fn times_without_a_unit_or_out_of_range_are_refused() {
    for timeout in ["0s", "25", "29.5s", "30s", "1h", "-1s", "soon"] {
        assert!(read_with(&[(DELIVERY_TIMEOUT, timeout)]).is_err(), "{timeout}");
    }
    assert!(read_with(&[(DELIVERY_TIMEOUT, "29s")]).is_ok());
    insta::assert_snapshot!(read_with(&[(SERVICE_BUS_TIMEOUT, "5min")]).unwrap_err(), @"twin-bridge can't start with these app settings: (1) SERVICE_BUS_TIMEOUT must be a time like 25s or 800ms, above 0 and at most 290s: no lock of Service Bus lasts longer than 5 min.");
    assert!(read_with(&[(SERVICE_BUS_TIMEOUT, "290s")]).is_ok());
}

#[test]
fn secrets_are_not_shown_by_debug() {
    assert!(!format!("{:?}", read_with(&[]).unwrap()).contains("c2VjcmV0"));
}

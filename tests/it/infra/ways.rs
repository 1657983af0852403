//! What a deployment makes for each way in, as the compiler foresees it.

use std::{collections::BTreeSet, sync::OnceLock};

use serde_json::{Value, json};

use super::{ROLES, SUBSCRIPTIONS, deployment::Deployment};
use crate::{repository, skipped::skipped};

const WAYS: [&str; 4] = ["webhook", "function", "event-hub", "service-bus"];
/// The ways in without Event Grid.
const BY_IDENTITY: [&str; 2] = ["event-hub", "service-bus"];

const MAIL: (&str, &str) = ("ALERT_EMAIL", "operator@example.com");
const APP: &str = "function app";
const STORAGE: &str = "Microsoft.Storage/storageAccounts/st*";
const DEAD_LETTERS: &str = "Microsoft.Storage/storageAccounts/st*/blobServices/default/containers/dead-letter";
const HUB: &str = "Microsoft.EventHub/namespaces/evhns-*/eventhubs/twins";
const SOURCE_HUB: &str = "Microsoft.EventHub/namespaces/evhns-source-*/eventhubs/notifications";
const SOURCE_TOPIC: &str = "Microsoft.ServiceBus/namespaces/sbns-*/topics/notifications";
const INSTANCE: &str = "Microsoft.DigitalTwins/digitalTwinsInstances/dt-*";

/// A deployment with everything new, for one way in; the second phase where there is one. None, after saying so, where
/// there is no compiler.
fn with_everything(way: &str) -> Option<&'static Deployment> {
    static FORESEEN: [OnceLock<Option<Deployment>>; 4] = [const { OnceLock::new() }; 4];
    let position = WAYS.iter().position(|known| *known == way).unwrap();
    let foreseen = FORESEEN[position].get_or_init(|| {
        Deployment::foreseen(&[
            ("WAY", way),
            ("SUBSCRIBE", "true"),
            ("WEBHOOK_KEY_NAME", "second"),
            ("DIGITAL_TWINS", "new"),
            ("DATA_EXPLORER", "new"),
            MAIL,
            ("AZURE_PRINCIPAL_ID", "11111111-1111-1111-1111-111111111111"),
        ])
    });
    if foreseen.is_none() {
        skipped("no deployment was foreseen: there is no bicep on the PATH.");
    }
    foreseen.as_ref()
}

/// One of two environments that share a resource group, an instance in another group and a cluster, by Event Hubs. The
/// second one's endpoint az has made. None, after saying so, where there is no compiler.
fn sharing(environment: &str) -> Option<&'static Deployment> {
    static FORESEEN: [OnceLock<Option<Deployment>>; 2] = [const { OnceLock::new() }; 2];
    let second = environment == "second";
    let foreseen = FORESEEN[usize::from(second)].get_or_init(|| {
        Deployment::foreseen(&[
            ("AZURE_ENV_NAME", environment),
            ("WAY", "event-hub"),
            ("DIGITAL_TWINS", "existing"),
            ("DIGITAL_TWINS_NAME", "contoso-twins"),
            ("DIGITAL_TWINS_RESOURCE_GROUP", "contoso"),
            ("DIGITAL_TWINS_ENDPOINT", if second { "false" } else { "true" }),
            ("DATA_EXPLORER", "existing"),
            ("DATA_EXPLORER_NAME", "contoso"),
            ("DATA_EXPLORER_LOCATION", "northeurope"),
            ("AZURE_LOCATION", "swedencentral"),
            ("RESOURCE_TAGS", r#"{"costCenter": "42"}"#),
            ("CONSUMER_GROUPS", "archive,stream-analytics"),
            ("SOURCE_PARTITION_COUNT", "8"),
            ("INSTANCE_MEMORY_MB", "512"),
            ("ALWAYS_READY_INSTANCES", "1"),
            MAIL,
        ])
    });
    if foreseen.is_none() {
        skipped("no deployment was foreseen: there is no bicep on the PATH.");
    }
    foreseen.as_ref()
}

fn role(name: &str) -> &'static str {
    ROLES.iter().find(|(_, _, role, _, _)| *role == name).unwrap_or_else(|| panic!("{name}")).3
}

#[test]
fn each_way_gives_its_roles_and_no_other() {
    for way in WAYS {
        let Some(deployment) = with_everything(way) else { return };
        let mut wanted = vec![
            (APP, "Storage Blob Data Owner", STORAGE),
            (APP, "Storage Table Data Contributor", STORAGE),
            (APP, "Monitoring Metrics Publisher", "Microsoft.Insights/components/appi-*"),
            (APP, "Azure Event Hubs Data Sender", HUB),
            ("cluster", "Azure Event Hubs Data Receiver", HUB),
            ("deployer", "Azure Digital Twins Data Owner", INSTANCE),
        ];
        wanted.extend(match way {
            "event-hub" => vec![
                ("instance", "Azure Event Hubs Data Sender", SOURCE_HUB),
                (APP, "Azure Event Hubs Data Receiver", SOURCE_HUB),
                ("instance", "Storage Blob Data Contributor", DEAD_LETTERS),
            ],
            "service-bus" => vec![
                ("instance", "Azure Service Bus Data Sender", SOURCE_TOPIC),
                (
                    APP,
                    "Azure Service Bus Data Receiver",
                    "Microsoft.ServiceBus/namespaces/sbns-*/topics/notifications/subscriptions/twin-bridge",
                ),
                ("instance", "Storage Blob Data Contributor", DEAD_LETTERS),
            ],
            _ => vec![("topic", "Storage Blob Data Contributor", DEAD_LETTERS)],
        });
        let wanted: BTreeSet<_> = wanted.into_iter().map(|(who, name, on)| (who, role(name), on.to_owned())).collect();
        similar_asserts::assert_eq!(deployment.roles(), wanted, "{way}");
    }
}

/// Every way has it: it shows the log, and the log is of one shape.
#[test]
fn the_workbook_belongs_to_application_insights() {
    for way in WAYS {
        let Some(deployment) = with_everything(way) else { return };
        let workbook = deployment.one("Microsoft.Insights/workbooks");
        let insights = deployment.one("Microsoft.Insights/components");
        assert_eq!(workbook["kind"], "shared");
        assert_eq!(workbook["properties"]["category"], "workbook");
        assert_eq!(workbook["properties"]["sourceId"], insights["id"]);
        let content = workbook["properties"]["serializedData"].as_str().unwrap();
        assert_eq!(content, repository::text("infra/dashboards/bridge.workbook.json"));
        let name: Vec<_> = workbook["name"].as_str().unwrap().split('-').map(str::len).collect();
        assert_eq!(name, [8, 4, 4, 4, 12], "Azure takes nothing but a GUID");
    }
}

/// No key anywhere, and no door that takes one.
#[test]
fn the_ways_by_identity_have_no_key() {
    for way in BY_IDENTITY {
        let Some(deployment) = with_everything(way) else { return };
        assert_eq!(deployment.keys(), BTreeSet::new(), "{way}");
        let namespaces: Vec<_> = ["Microsoft.EventHub/namespaces", "Microsoft.ServiceBus/namespaces"]
            .into_iter()
            .flat_map(|kind| deployment.of_type(kind))
            .collect();
        assert_eq!(namespaces.len(), 2, "{way}: where it reads, and where it writes");
        for namespace in namespaces {
            assert_eq!(namespace["properties"]["disableLocalAuth"], true, "{way}: {}", namespace["name"]);
        }
        let account = deployment.one("Microsoft.Storage/storageAccounts");
        assert_eq!(account["properties"]["allowSharedKeyAccess"], false, "{way}");
        assert!(!deployment.types().iter().any(|kind| kind.to_lowercase().ends_with("/authorizationrules")), "{way}");
        for (name, value) in deployment.settings() {
            // Of Application Insights, which takes no key either.
            let tells_where = name == "APPLICATIONINSIGHTS_CONNECTION_STRING";
            let text = value.as_str().unwrap().to_lowercase();
            assert!(tells_where || !(text.contains("connectionstring") || text.contains("endpoint=")), "{way}: {name}");
        }
        let insights = deployment.one("Microsoft.Insights/components");
        assert_eq!(insights["properties"]["DisableLocalAuth"], true, "{way}");
    }
}

#[test]
fn nobody_publishes_with_a_password() {
    for way in WAYS {
        let Some(deployment) = with_everything(way) else { return };
        let doors = deployment.of_type("Microsoft.Web/sites/basicPublishingCredentialsPolicies");
        let names: BTreeSet<_> =
            doors.iter().map(|door| door["name"].as_str().unwrap().rsplit('/').next().unwrap()).collect();
        assert_eq!(names, BTreeSet::from(["ftp", "scm"]), "{way}");
        assert!(doors.iter().all(|door| door["properties"]["allow"] == false), "{way}");
    }
}

#[test]
fn a_key_goes_from_the_topic_to_the_endpoint_and_from_the_webhook_to_its_subscription() {
    for (way, _) in SUBSCRIPTIONS {
        let Some(deployment) = with_everything(way) else { return };
        let mut wanted = BTreeSet::from([
            "Microsoft.DigitalTwins/digitalTwinsInstances/endpoints properties accessKey1".to_owned(),
            "Microsoft.DigitalTwins/digitalTwinsInstances/endpoints properties accessKey2".to_owned(),
        ]);
        if way == "webhook" {
            let destination = "properties destination properties endpointUrl";
            wanted.insert(format!("Microsoft.EventGrid/topics/eventSubscriptions {destination}"));
        }
        assert_eq!(deployment.keys(), wanted, "{way}");
    }
}

/// How an endpoint authenticates can't be changed, so that a name that is used for both kinds would be a dead end.
#[test]
fn each_kind_of_endpoint_has_its_own_name() {
    for (way, name, kind) in [
        ("webhook", "twin-bridge-*", "EventGrid"),
        ("function", "twin-bridge-*", "EventGrid"),
        ("event-hub", "twin-bridge-event-hub-*", "EventHub"),
        ("service-bus", "twin-bridge-service-bus-*", "ServiceBus"),
    ] {
        let Some(deployment) = with_everything(way) else { return };
        let endpoint = deployment.one("Microsoft.DigitalTwins/digitalTwinsInstances/endpoints");
        assert_eq!(deployment.short(endpoint["name"].as_str().unwrap()), format!("dt-*/{name}"), "{way}");
        assert_eq!(endpoint["properties"]["endpointType"], kind, "{way}");
        let told = deployment.outputs["DIGITAL_TWINS_ENDPOINT_NAME"].as_str().unwrap();
        assert_eq!(deployment.short(told), name, "{way}");
    }
}

#[test]
fn an_endpoint_by_identity_has_what_the_service_asks_for_and_nothing_of_a_key() {
    for (way, namespace, entity) in
        [("event-hub", "evhns-source-*", "notifications"), ("service-bus", "sbns-*", "notifications")]
    {
        let Some(deployment) = with_everything(way) else { return };
        let instance = deployment.one("Microsoft.DigitalTwins/digitalTwinsInstances");
        assert_eq!(instance["identity"]["type"], "SystemAssigned", "{way}");
        let endpoint = &deployment.one("Microsoft.DigitalTwins/digitalTwinsInstances/endpoints")["properties"];
        let names: BTreeSet<_> = endpoint.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            names,
            BTreeSet::from([
                "authenticationType",
                "deadLetterUri",
                "endpointType",
                "endpointUri",
                "entityPath",
                "identity"
            ]),
            "{way}"
        );
        assert_eq!(endpoint["authenticationType"], "IdentityBased", "{way}");
        assert_eq!(endpoint["identity"], json!({"type": "SystemAssigned"}), "{way}");
        assert_eq!(endpoint["entityPath"], entity, "{way}");
        let uri = endpoint["endpointUri"].as_str().unwrap();
        let host = uri.strip_prefix("sb://").unwrap().strip_suffix(".servicebus.windows.net/").unwrap();
        assert_eq!(deployment.short(host), namespace, "{way}");
        assert_eq!(deployment.outputs["SOURCE_NAMESPACE_NAME"], host, "{way}");
    }
}

#[test]
fn the_trigger_finds_its_source() {
    for way in WAYS {
        let Some(deployment) = with_everything(way) else { return };
        let settings = deployment.settings();
        let sources: BTreeSet<_> =
            settings.keys().filter(|name| name.starts_with("SOURCE_")).map(String::as_str).collect();
        let (connection, rest) = match way {
            "event-hub" => (
                "SOURCE_EVENT_HUB",
                [("SOURCE_EVENT_HUB_NAME", "notifications"), ("SOURCE_EVENT_HUB_CONSUMER_GROUP", "twin-bridge")],
            ),
            "service-bus" => (
                "SOURCE_SERVICE_BUS",
                [("SOURCE_SERVICE_BUS_TOPIC", "notifications"), ("SOURCE_SERVICE_BUS_SUBSCRIPTION", "twin-bridge")],
            ),
            _ => {
                // A host with a setting too many starts; one with a function too many does not.
                assert_eq!(sources, BTreeSet::new(), "{way}");
                continue;
            }
        };
        let connected =
            ["fullyQualifiedNamespace", "credential", "clientId"].map(|part| format!("{connection}__{part}"));
        let names = connected.iter().map(String::as_str).chain(rest.iter().map(|(name, _)| *name));
        assert_eq!(sources, names.collect(), "{way}");
        for (name, value) in rest {
            assert_eq!(settings[name], value, "{way}: {name}");
        }
        let namespace = deployment.outputs["SOURCE_NAMESPACE_NAME"].as_str().unwrap();
        assert_eq!(settings[&connected[0]], format!("{namespace}.servicebus.windows.net"), "{way}");
        assert_eq!(settings[&connected[1]], "managedidentity", "{way}");
        assert_eq!(settings[&connected[2]], settings["AZURE_CLIENT_ID"], "{way}");
        assert_ne!(settings[&connected[0]], settings["EVENT_HUB__fullyQualifiedNamespace"], "{way}");
    }
}

#[test]
fn each_way_makes_what_it_needs_and_no_more() {
    for way in WAYS {
        let Some(deployment) = with_everything(way) else { return };
        let types = deployment.types();
        let by_event_grid = !BY_IDENTITY.contains(&way);
        assert_eq!(types.iter().any(|kind| kind.starts_with("Microsoft.EventGrid/")), by_event_grid, "{way}");
        assert_eq!(types.contains("Microsoft.ServiceBus/namespaces"), way == "service-bus", "{way}");
        let mut groups: Vec<_> = deployment
            .of_type("Microsoft.EventHub/namespaces/eventhubs/consumergroups")
            .iter()
            .map(|group| deployment.short(group["name"].as_str().unwrap()))
            .collect();
        groups.sort();
        let mut wanted = vec!["evhns-*/twins/data-explorer"];
        if way == "event-hub" {
            wanted.push("evhns-source-*/notifications/twin-bridge");
        }
        assert_eq!(groups, wanted, "{way}");
        let sends_to_grid = deployment.outputs["EVENT_GRID_TOPIC_NAME"] != "";
        assert_eq!(sends_to_grid, by_event_grid, "{way}");
    }
}

#[test]
fn each_way_has_its_alerts() {
    for way in WAYS {
        let Some(deployment) = with_everything(way) else { return };
        let alerts: Vec<_> = ["Microsoft.Insights/metricAlerts", "Microsoft.Insights/scheduledQueryRules"]
            .into_iter()
            .flat_map(|kind| deployment.of_type(kind))
            .collect();
        let names: BTreeSet<_> = alerts.iter().map(|alert| deployment.short(alert["name"].as_str().unwrap())).collect();
        let of_the_way: &[&str] = match way {
            "event-hub" => &["failed-batches", "lag", "source-throttled"],
            "service-bus" => &["dead-letter-queue", "failed-batches", "lag"],
            _ => &["delivery-failures", "dropped-events", "given-up-events"],
        };
        let everywhere = ["dead-letters", "hub-throttled"];
        let wanted: BTreeSet<_> =
            of_the_way.iter().chain(&everywhere).map(|name| format!("twin-bridge-*-{name}")).collect();
        assert_eq!(names, wanted, "{way}");
        for alert in alerts {
            // The one kind lists ids, the other objects with an id.
            assert!(alert["properties"]["actions"].to_string().contains("/actionGroups/"), "{way}: {}", alert["name"]);
        }
    }
}

/// The query of the alert names the namespace that Azure Digital Twins sends to, which has no other hub: metrics in logs
/// do not say of which hub they are.
#[test]
fn the_lag_of_the_source_hub_is_counted_in_a_namespace_of_its_own() {
    let Some(deployment) = with_everything("event-hub") else { return };
    let namespace = deployment.outputs["SOURCE_NAMESPACE_NAME"].as_str().unwrap();
    let hubs = deployment.of_type("Microsoft.EventHub/namespaces/eventhubs");
    let inside: Vec<_> =
        hubs.iter().filter(|hub| hub["name"].as_str().unwrap().starts_with(&format!("{namespace}/"))).collect();
    assert_eq!(inside.len(), 1);
    let rules = deployment.of_type("Microsoft.Insights/scheduledQueryRules");
    let lag = rules.iter().find(|rule| rule["name"].as_str().unwrap().ends_with("-lag")).unwrap();
    let query = lag["properties"]["criteria"]["allOf"][0]["query"].as_str().unwrap();
    assert!(query.contains(&format!("/namespaces/{namespace}\"")), "{query}");
    let exported = deployment.of_type("Microsoft.Insights/diagnosticSettings");
    let exported: Vec<_> =
        exported.iter().filter(|setting| setting["id"].as_str().unwrap().contains(namespace)).collect();
    assert_eq!(exported.len(), 1);
    assert_eq!(exported[0]["properties"]["metrics"], json!([{"category": "AllMetrics", "enabled": true}]));
}

#[test]
fn the_subscription_of_service_bus_leaves_the_handler_time() {
    let Some(deployment) = with_everything("service-bus") else { return };
    let subscription = deployment.one("Microsoft.ServiceBus/namespaces/topics/subscriptions");
    assert_eq!(
        subscription["properties"],
        json!({
            "lockDuration": "PT5M",
            "maxDeliveryCount": 400,
            "defaultMessageTimeToLive": "P14D",
            "deadLetteringOnMessageExpiration": true,
        })
    );
    assert_eq!(deployment.one("Microsoft.ServiceBus/namespaces")["sku"]["tier"], "Standard");
}

#[test]
fn an_existing_instance_gets_its_endpoint_where_it_is() {
    let Some(deployment) = sharing("first") else { return };
    assert!(deployment.of_type("Microsoft.DigitalTwins/digitalTwinsInstances").is_empty());
    let endpoint = deployment.one("Microsoft.DigitalTwins/digitalTwinsInstances/endpoints");
    let id = endpoint["id"].as_str().unwrap();
    assert!(id.contains("/resourceGroups/contoso/") && id.contains("/contoso-twins/"), "{id}");
}

#[test]
fn what_can_not_work_is_refused_before_anything_is_made() {
    for (variables, reason) in [
        ([("DIGITAL_TWINS", "existing"), ("DATA_EXPLORER", "none")], "DIGITAL_TWINS_NAME"),
        ([("DATA_EXPLORER", "existing"), ("DIGITAL_TWINS", "none")], "DATA_EXPLORER_NAME"),
        (
            [("DATA_EXPLORER", "new"), ("RECORD_FORMAT", "time-series-insights")],
            "rows of another format would be empty",
        ),
    ] {
        let Some(refusal) = Deployment::refused(&variables) else {
            return skipped("no deployment was foreseen: there is no bicep on the PATH.");
        };
        assert!(refusal.contains(reason), "{refusal}");
    }
}

/// One without an identity ends the deployment, with the command that mends it; Event Grid needs none.
#[test]
fn an_instance_that_sends_must_have_an_identity() {
    for way in WAYS {
        let Some(deployment) = with_everything(way) else { return };
        let mends = |resource: &Value| resource.to_string().contains("az dt identity assign --dt-name");
        assert_eq!(deployment.resources.iter().any(mends), BY_IDENTITY.contains(&way), "{way}");
    }
}

#[test]
fn what_the_environment_says_arrives() {
    let Some(deployment) = sharing("first") else { return };
    for resource in &deployment.resources {
        let place = &resource["location"];
        // A database is where its cluster is.
        let elsewhere = ["global", "northeurope"].iter().any(|other| place == other);
        assert!(place.is_null() || place == "swedencentral" || elsewhere, "{resource}");
        let tags = &resource["tags"];
        assert!(tags.is_null() || (tags["costCenter"] == "42" && tags["azd-env-name"] == "first"), "{resource}");
    }
    let tagged = deployment.resources.iter().filter(|resource| !resource["tags"].is_null());
    assert!(tagged.count() >= 10);
    let database = deployment.one("Microsoft.Kusto/clusters/databases");
    assert_eq!(database["location"], "northeurope");
    let groups = deployment.of_type("Microsoft.EventHub/namespaces/eventhubs/consumergroups");
    assert!(groups.iter().any(|group| group["name"].as_str().unwrap().ends_with("/twins/archive")));
    let partitions: Vec<_> = deployment
        .of_type("Microsoft.EventHub/namespaces/eventhubs")
        .iter()
        .map(|hub| hub["properties"]["partitionCount"].as_u64().unwrap())
        .collect();
    assert_eq!(partitions.iter().sum::<u64>(), 4 + 8);
    let scale = &deployment.one("Microsoft.Web/sites")["properties"]["functionAppConfig"]["scaleAndConcurrency"];
    assert_eq!(scale["instanceMemoryMB"], 512);
    // Each function that no request calls scales by itself.
    assert_eq!(scale["alwaysReady"], json!([{"name": "function:event-hub", "instanceCount": 1}]));
}

/// Nothing of the one is the other's.
#[test]
fn two_environments_have_nothing_in_common() {
    let (Some(first), Some(second)) = (sharing("first"), sharing("second")) else { return };
    let ids = |deployment: &'static Deployment| -> BTreeSet<_> {
        deployment.resources.iter().map(|resource| resource["id"].as_str().unwrap()).collect()
    };
    let common: Vec<_> = ids(first).intersection(&ids(second)).copied().collect();
    // The database is one on purpose: `dataExplorerDatabase` gives each its own.
    assert_eq!(common.len(), 1, "{common:?}");
    assert!(common[0].ends_with("/databases/twins"), "{common:?}");
}

#[test]
fn an_endpoint_that_az_made_is_left_alone() {
    let Some(deployment) = sharing("second") else { return };
    assert!(deployment.of_type("Microsoft.DigitalTwins/digitalTwinsInstances/endpoints").is_empty());
    // It may send all the same, and write what it could not send.
    assert_eq!(deployment.roles().iter().filter(|(who, _, _)| *who == "instance").count(), 2);
}

#[test]
fn the_subscriptions_of_event_grid_differ_in_where_they_lead() {
    let (Some(webhook), Some(function)) = (with_everything("webhook"), with_everything("function")) else { return };
    let [webhook, function] =
        [webhook, function].map(|deployment| deployment.one("Microsoft.EventGrid/topics/eventSubscriptions"));
    let destination = |found: &Value| found["properties"]["destination"].clone();
    assert_eq!(destination(function)["endpointType"], "AzureFunction");
    let called = destination(function)["properties"]["resourceId"].as_str().unwrap().to_owned();
    assert!(called.ends_with("/functions/function"), "{called}");

    assert_eq!(destination(webhook)["endpointType"], "WebHook");
    let address = destination(webhook)["properties"]["endpointUrl"].as_str().unwrap().to_owned();
    let route = repository::json("webhook/function.json")["bindings"][0]["route"].as_str().unwrap().to_owned();
    assert!(address.starts_with(&format!("[format('https://{{0}}/api/{route}?code={{1}}', ")), "{address}");
    assert!(address.contains("/functions/webhook', ") && address.ends_with(").second))]"), "{address}");

    // All else is the same: batches, retries, dead letters.
    for batch in ["maxEventsPerBatch", "preferredBatchSizeInKilobytes"] {
        assert!(destination(webhook)["properties"][batch].is_u64(), "{batch}");
        assert_eq!(destination(webhook)["properties"][batch], destination(function)["properties"][batch]);
    }
    let rest = |found: &Value| {
        let mut properties = found["properties"].clone();
        properties.as_object_mut().unwrap().remove("destination");
        properties
    };
    assert_eq!(rest(webhook)["deadLetterWithResourceIdentity"]["identity"]["type"], "SystemAssigned");
    assert_eq!(rest(webhook)["retryPolicy"]["eventTimeToLiveInMinutes"], 1440);
    similar_asserts::assert_eq!(rest(webhook), rest(function));
    // So that the other one goes on until this one works.
    assert_ne!(webhook["name"], function["name"]);
}

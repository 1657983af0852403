use std::collections::HashMap;

use crate::settings::{Mistakes, Settings};

const TARGET: &str =
    "Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=c2VjcmV0;EntityPath=twins";

fn read(source: &[(&str, &str)]) -> Result<Settings, Mistakes> {
    let target = [("FUNCTIONS_CUSTOMHANDLER_PORT", "1"), ("EVENT_HUB", TARGET)];
    let settings: HashMap<_, _> = target.iter().chain(source).copied().collect();
    Settings::read(|name| settings.get(name).map(|&value| value.to_owned()))
}

#[test]
fn the_hub_that_records_go_to_is_no_source() {
    let source = TARGET.replace("send", "listen").replace("contoso", "CONTOSO");
    for (name, value) in [
        ("SOURCE_EVENT_HUB__fullyQualifiedNamespace", "contoso.servicebus.windows.net"),
        ("SOURCE_EVENT_HUB", &*source),
    ] {
        let mistakes = read(&[(name, value), ("SOURCE_EVENT_HUB_NAME", "Twins")]).unwrap_err();
        insta::allow_duplicates! {
            insta::assert_snapshot!(mistakes, @"twin-bridge can't start with these app settings: (1) SOURCE_EVENT_HUB_NAME and EVENT_HUB_NAME name one hub: records would come back as notifications, for ever. Set EVENT_HUB_NAME to another hub.");
        }
    }
}

/// For the host a hub that the connection string names goes before any other name.
#[test]
fn a_source_is_named_by_its_connection_string_first() {
    let source = |path: &str| TARGET.replace("send", "listen").replace("=twins", path);
    assert!(read(&[("SOURCE_EVENT_HUB", &source("=twins")), ("SOURCE_EVENT_HUB_NAME", "adt")]).is_err());
    assert!(read(&[("SOURCE_EVENT_HUB", &source("=twins"))]).is_err());
    assert!(read(&[("SOURCE_EVENT_HUB", &source("=adt")), ("SOURCE_EVENT_HUB_NAME", "twins")]).is_ok());
}

#[test]
fn another_hub_or_namespace_is_one() {
    for source in [
        [
            ("SOURCE_EVENT_HUB__fullyQualifiedNamespace", "contoso.servicebus.windows.net"),
            ("SOURCE_EVENT_HUB_NAME", "adt"),
        ],
        [
            ("SOURCE_EVENT_HUB__fullyQualifiedNamespace", "other.servicebus.windows.net"),
            ("SOURCE_EVENT_HUB_NAME", "twins"),
        ],
        [("SOURCE_EVENT_HUB", "not for us to read"), ("SOURCE_EVENT_HUB_NAME", "twins")],
        [("SOURCE_EVENT_HUB_NAME", "twins"), ("SOURCE_EVENT_HUB_CONSUMER_GROUP", "bridge")],
    ] {
        assert!(read(&source).is_ok(), "{source:?}");
    }
}

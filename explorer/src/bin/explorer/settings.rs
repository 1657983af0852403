//! The settings that are the bridge's too (docs/deploy.md, "App settings"), and those that App Service sets.

use event_hub_producer::{Access, ConnectionString};

/// A hub, and what proves that we may read it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hub {
    pub(crate) name: String,
    pub(crate) access: Access,
}

/// The hub that the environment names. The error is a sentence.
pub(crate) fn hub(lookup: impl Fn(&str) -> Option<String>) -> Result<Hub, String> {
    let get = |name: &str| lookup(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    let (access, entity_path) = match (get("EVENT_HUB"), get("EVENT_HUB__fullyQualifiedNamespace")) {
        (Some(_), Some(_)) => return Err("Set EVENT_HUB or EVENT_HUB__fullyQualifiedNamespace, not both.".to_owned()),
        (Some(text), None) => {
            let string = ConnectionString::parse(&text).map_err(|problem| format!("EVENT_HUB {problem}."))?;
            let entity_path = string.entity_path.clone();
            (Access::ConnectionString(string), entity_path)
        }
        (None, Some(namespace)) if namespace.contains(['/', ';', '=', ' ']) => {
            return Err("EVENT_HUB__fullyQualifiedNamespace is a host name like contoso.servicebus.windows.net, without sb:// or a path.".to_owned());
        }
        (None, Some(namespace)) if get("IDENTITY_ENDPOINT").is_some() => {
            let client_id = get("EVENT_HUB__clientId").or_else(|| get("AZURE_CLIENT_ID"));
            (Access::ManagedIdentity { namespace, client_id }, None)
        }
        (None, Some(namespace)) => (Access::DeveloperLogin { namespace }, None),
        (None, None) => {
            return Err("Which hub? Set EVENT_HUB__fullyQualifiedNamespace to <namespace>.servicebus.windows.net and EVENT_HUB_NAME to the hub's name (your login reads it), or EVENT_HUB to a connection string.".to_owned());
        }
    };
    let name = get("EVENT_HUB_NAME").or(entity_path);
    let name = name.ok_or("Set EVENT_HUB_NAME to the event hub's name, or add EntityPath to EVENT_HUB.")?;
    Ok(Hub { name, access })
}

/// Whether App Service stands before this program and lets in only who has logged in.
pub(crate) fn is_authenticated(lookup: impl Fn(&str) -> Option<String>) -> bool {
    lookup("WEBSITE_AUTH_ENABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRING: &str = "Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=a;SharedAccessKey=b";

    fn read(settings: &[(&str, &str)]) -> Result<Hub, String> {
        hub(|name| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn a_connection_string_or_an_identity() {
        let with_path = format!("{STRING};EntityPath=twins");
        assert_eq!(read(&[("EVENT_HUB", &with_path)]).unwrap().name, "twins");
        assert_eq!(read(&[("EVENT_HUB", &with_path), ("EVENT_HUB_NAME", "other")]).unwrap().name, "other");
        let login = [("EVENT_HUB__fullyQualifiedNamespace", "contoso.servicebus.windows.net"), ("EVENT_HUB_NAME", "t")];
        let namespace = "contoso.servicebus.windows.net".to_owned();
        let access = Access::DeveloperLogin { namespace: namespace.clone() };
        assert_eq!(read(&login), Ok(Hub { name: "t".to_owned(), access }));
        let in_azure = [login[0], login[1], ("IDENTITY_ENDPOINT", "http://x"), ("AZURE_CLIENT_ID", "id")];
        let access = Access::ManagedIdentity { namespace, client_id: Some("id".to_owned()) };
        assert_eq!(read(&in_azure).unwrap().access, access);
    }

    #[test]
    fn what_is_missing_or_wrong_is_said() {
        let cases = [
            (vec![], "Which hub?"),
            (vec![("EVENT_HUB", "nonsense")], "EVENT_HUB has a part that is not name=value."),
            (vec![("EVENT_HUB", STRING)], "Set EVENT_HUB_NAME to"),
            (vec![("EVENT_HUB", STRING), ("EVENT_HUB__fullyQualifiedNamespace", "x")], "Set EVENT_HUB or"),
            (
                vec![("EVENT_HUB__fullyQualifiedNamespace", "sb://x/")],
                "EVENT_HUB__fullyQualifiedNamespace is a host name",
            ),
        ];
        for (settings, expected) in cases {
            let error = read(&settings).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}

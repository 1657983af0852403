//! What can go wrong between a reader and its hub, in sentences that say what to do.

use event_hub_producer::{Access, TransportType};

use crate::source::Source;

/// Why nothing comes. The texts are the service's or the system's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The namespace's name can't be resolved.
    UnknownHost(String),
    /// Nobody answers at its port.
    Unreachable(String),
    /// Its certificate is not trusted.
    Untrusted(String),
    /// There is no way by WebSockets.
    NoWebSocket(String),
    /// There is no token to show.
    NoLogin(String),
    /// The token is of another tenant.
    WrongTenant(String),
    /// The address of this computer is not let in.
    Firewall(String),
    /// The token opens something else, or nothing.
    Denied(String),
    /// No such hub.
    NoHub(String),
    /// No such consumer group, or partition.
    NoGroup(String),
    /// As many read already as may.
    TooManyReaders(String),
    /// Somebody reads with an owner level, and so alone.
    Owned(String),
    /// More is asked than the throughput units give.
    Throttled(String),
    /// The hub was deleted and made again, or serves nobody for a moment.
    Interrupted(String),
    /// It took the connection, and then nothing came.
    NoAnswer,
}

impl Trouble {
    /// What the service means by an error condition. Source: learn.microsoft.com, "AMQP errors in Azure Service Bus" and
    /// "Event Hubs quotas and limits"; the words, those of issues that people have filed.
    pub(crate) fn of_condition(condition: &str, description: Option<&str>) -> Self {
        let text = description.map_or_else(|| condition.to_owned(), |words| format!("{condition}: {words}"));
        match condition {
            "amqp:link:stolen" => Self::Owned(text),
            "amqp:resource-limit-exceeded" if text.contains("receivers") => Self::TooManyReaders(text),
            "com.microsoft:server-busy" | "amqp:resource-limit-exceeded" => Self::Throttled(text),
            "amqp:unauthorized-access" | "com.microsoft:auth-failed" => Self::of_refusal(text),
            "amqp:not-found" | "amqp:resource-deleted" | "com.microsoft:argument-out-of-range" => Self::NoGroup(text),
            _ => Self::Interrupted(text),
        }
    }

    /// What `$cbs` and `$management` mean by a status, which is one of HTTP's.
    pub(crate) fn of_status(status: u16, description: Option<&str>) -> Self {
        let text = format!("{status}: {}", description.unwrap_or("no reason given"));
        match status {
            401 | 403 => Self::of_refusal(text),
            404 => Self::NoHub(text),
            429 => Self::Throttled(text),
            _ => Self::Interrupted(text),
        }
    }

    fn of_refusal(text: String) -> Self {
        if text.contains("InvalidIssuer") {
            Self::WrongTenant(text)
        } else if text.contains("prevented to connect") {
            Self::Firewall(text)
        } else {
            Self::Denied(text)
        }
    }

    /// A sentence for who sees it in the terminal or on the page.
    pub(crate) fn sentence(&self, source: &Source) -> String {
        let Source { hub, access, transport, consumer_group: group, .. } = source;
        let (host, port) = (access.host(), access.port_of(*transport));
        match self {
            Self::UnknownHost(why) => {
                format!("There is no namespace {host} ({why}). Check its name in the settings, and the network.")
            }
            Self::Unreachable(why) if *transport == TransportType::Amqp && !access.is_emulator() => format!(
                "{host} can't be reached on port {port} ({why}). Many networks close that port: try --transport \
                 web-sockets, which takes 443. Else check the firewall of the namespace."
            ),
            Self::Unreachable(why) => format!("{host} can't be reached on port {port} ({why}). Check the network."),
            Self::Untrusted(why) => format!(
                "The certificate of {host} is not trusted ({why}). If the network looks into TLS, its certificate must \
                 be among those that this computer trusts."
            ),
            Self::NoWebSocket(why) => {
                format!(
                    "{host} opens no WebSocket on port {port} ({why}). Check what stands between: a proxy, perhaps."
                )
            }
            Self::NoLogin(why) => format!(
                "There is no login to show to {host} ({why}). Run az login, or set EVENT_HUB to a connection string."
            ),
            Self::WrongTenant(why) => format!(
                "The login is one of another tenant than that of {host} ({why}). Run az login --tenant <tenant of the \
                 hub>."
            ),
            Self::Firewall(why) => format!(
                "The firewall of {host} does not let this computer in ({why}). Add its address under Networking."
            ),
            Self::Denied(why) => match access {
                Access::ConnectionString(_) => format!(
                    "The hub {hub} denies access ({why}). Check the key in EVENT_HUB: its policy needs the claim Listen."
                ),
                Access::ManagedIdentity { .. } | Access::DeveloperLogin { .. } => format!(
                    "The hub {hub} denies access ({why}). Whoever is logged in needs the role Azure Event Hubs Data \
                     Receiver on the hub {hub}; a new one takes some minutes to be known."
                ),
            },
            Self::NoHub(why) => {
                format!("There is no hub {hub} in {host} ({why}). Check EVENT_HUB_NAME, or EntityPath in EVENT_HUB.")
            }
            Self::NoGroup(why) => format!(
                "The hub {hub} has no consumer group {group} ({why}). Make it, or name another with --consumer-group."
            ),
            Self::TooManyReaders(why) => format!(
                "Five programs read with the consumer group {group} already, and no more may ({why}). Make one for the \
                 explorer, and name it with --consumer-group."
            ),
            Self::Owned(why) => format!(
                "Another program reads with the consumer group {group} and has claimed it with an owner level ({why}). \
                 Make one for the explorer, and name it with --consumer-group."
            ),
            Self::Throttled(why) => {
                format!("The hub {hub} is throttling ({why}). It goes on; more throughput units make it faster.")
            }
            Self::Interrupted(why) => format!("The connection to the hub {hub} was interrupted ({why})."),
            Self::NoAnswer => {
                format!(
                    "{host} takes connections on port {port}, but does not answer. Check its health, and any proxy."
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_s_words_are_told_apart() {
        let refused = |words| Trouble::of_condition("amqp:unauthorized-access", Some(words));
        assert!(matches!(refused("'Listen' claim(s) are required"), Trouble::Denied(_)));
        assert!(matches!(refused("Ip has been prevented to connect to the endpoint."), Trouble::Firewall(_)));
        let status = |status, words| Trouble::of_status(status, Some(words));
        assert!(matches!(status(401, "InvalidIssuer: Token issuer is invalid."), Trouble::WrongTenant(_)));
        assert!(matches!(status(401, "InvalidSignature"), Trouble::Denied(_)));
        assert!(matches!(status(404, "The messaging entity could not be found."), Trouble::NoHub(_)));
        let limit = |words| Trouble::of_condition("amqp:resource-limit-exceeded", Some(words));
        assert!(matches!(limit("Exceeded the maximum number of allowed receivers"), Trouble::TooManyReaders(_)));
        assert!(matches!(limit("something else"), Trouble::Throttled(_)));
    }

    #[test]
    fn sentences_say_what_to_do() {
        let string =
            "Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=a;SharedAccessKey=b;EntityPath=twins";
        let with_key = Source::of_connection_string(string).unwrap();
        let access = Access::DeveloperLogin { namespace: "contoso.servicebus.windows.net".to_owned() };
        let with_login = Source { access, ..with_key.clone() };
        let web = Source { transport: TransportType::WebSockets, ..with_login.clone() };
        let sentence = |trouble: fn(String) -> Trouble, source| trouble("why".to_owned()).sentence(source);
        assert_eq!(
            sentence(Trouble::Denied, &with_login),
            "The hub twins denies access (why). Whoever is logged in needs the role Azure Event Hubs Data Receiver on \
             the hub twins; a new one takes some minutes to be known."
        );
        assert_eq!(
            sentence(Trouble::Denied, &with_key),
            "The hub twins denies access (why). Check the key in EVENT_HUB: its policy needs the claim Listen."
        );
        assert_eq!(
            sentence(Trouble::Unreachable, &with_key),
            "contoso.servicebus.windows.net can't be reached on port 5671 (why). Many networks close that port: try \
             --transport web-sockets, which takes 443. Else check the firewall of the namespace."
        );
        assert_eq!(
            sentence(Trouble::Unreachable, &web),
            "contoso.servicebus.windows.net can't be reached on port 443 (why). Check the network."
        );
    }
}

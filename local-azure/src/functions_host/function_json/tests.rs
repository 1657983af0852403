use super::*;

fn function(bindings: &str) -> Result<Declared, String> {
    let json: FunctionJson = serde_json::from_str(&format!(r#"{{"bindings":[{bindings}]}}"#)).unwrap();
    json.into_function("Name".to_owned())
}

/// With an HTTP trigger with these members.
fn http(members: &str) -> Result<HttpTrigger, String> {
    let output = r#"{"type":"http","direction":"out","name":"$return"}"#;
    match function(&format!(r#"{{"type":"httpTrigger","name":"request"{members}}},{output}"#))? {
        Declared::Http(function) => Ok(function.trigger),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_route_is_found_whatever_its_case() {
    for (route, path) in
        [(r#","route":"events""#, "/api/events"), (r#","route":"/Two/Parts/""#, "/API/two/parts/"), ("", "/api/name")]
    {
        let trigger = http(route).unwrap();
        assert!(trigger.takes(&Method::POST, path) && trigger.takes(&Method::GET, path), "{route}");
        for other in [&format!("{path}x"), "/api", "/"] {
            assert!(!trigger.takes(&Method::POST, other), "{route} {other}");
        }
    }
}

#[test]
fn methods_that_are_not_listed_are_for_others() {
    let trigger = http(r#","methods":["post","Options"]"#).unwrap();
    let taken = [Method::POST, Method::OPTIONS, Method::GET].map(|method| trigger.takes(&method, "/api/Name"));
    assert_eq!(taken, [true, true, false]);
}

#[test]
fn a_key_is_wanted_unless_anybody_may_call() {
    for (level, requires_key) in
        [("", true), (r#","authLevel":"Function""#, true), (r#","authLevel":"anonymous""#, false)]
    {
        assert_eq!(http(level).unwrap().requires_key, requires_key, "{level}");
    }
}

#[test]
fn what_the_stand_in_does_not_know_is_refused() {
    for (members, problem) in [
        (r#","authLevel":"admin""#, r#"authLevel is "admin""#),
        (r#","route":"a/{b}""#, "no parameters"),
        (r#","methods":["po st"]"#, r#""po st" is no method"#),
    ] {
        assert!(http(members).unwrap_err().contains(problem), "{members}");
    }
    let [trigger, http, blob, grid] = [
        r#"{"type":"httpTrigger","name":"request"}"#,
        r#"{"type":"http","direction":"out","name":"$return"}"#,
        r#"{"type":"blob","direction":"out","name":"b","path":"c/d"}"#,
        r#"{"type":"eventGridTrigger","name":"events"}"#,
    ];
    for (bindings, problem) in [
        (vec![trigger], "one http output"),
        (vec![trigger, http, http], "one http output"),
        (vec![trigger, http, blob], "one http output"),
        (vec![grid, http], "only an httpTrigger"),
        (vec![grid, trigger], "more than one trigger"),
        (vec![http], "no binding of type"),
    ] {
        assert!(function(&bindings.join(",")).unwrap_err().contains(problem), "{bindings:?}");
    }
}

/// With an Event Hubs trigger with these members, and what else is at the top.
fn event_hub(members: &str, rest: &str) -> Result<EventHubTrigger, String> {
    let binding = format!(r#"{{"type":"eventHubTrigger","direction":"in","name":"events"{members}}}"#);
    let json: FunctionJson = serde_json::from_str(&format!(r#"{{"bindings":[{binding}]{rest}}}"#)).unwrap();
    match json.into_function("Name".to_owned())? {
        Declared::EventHub(function) => Ok(function.trigger),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_event_hubs_trigger_is_read() {
    let trigger = event_hub(r#","eventHubName":"%HUB%","connection":"SOURCE""#, "").unwrap();
    assert_eq!((trigger.hub.as_str(), trigger.consumer_group.as_str()), ("%HUB%", "$Default"));
    assert_eq!((trigger.input.cardinality, trigger.input.data_type), (Cardinality::One, DataType::Unspecified));
    assert_eq!((trigger.connection.as_str(), trigger.retry), ("SOURCE", None));

    let members =
        r#","eventHubName":"h","connection":"c","consumerGroup":"g","cardinality":"Many","dataType":"binary""#;
    let retry = r#","retry":{"strategy":"fixedDelay","maxRetryCount":-1,"delayInterval":"00:00:01"}"#;
    let trigger = event_hub(members, retry).unwrap();
    assert_eq!(trigger.consumer_group, "g");
    assert_eq!((trigger.input.cardinality, trigger.input.data_type), (Cardinality::Many, DataType::Binary));
    assert_eq!(trigger.retry.unwrap().max_retry_count, None);

    for (members, problem) in [
        ("", "eventHubName is missing"),
        (r#","eventHubName":"h""#, "connection is missing"),
        (r#","eventHubName":"h","connection":"c","dataType":"stream""#, r#"dataType is "stream""#),
        (r#","eventHubName":"h","connection":"c","cardinality":"some""#, r#"cardinality is "some""#),
    ] {
        assert!(event_hub(members, "").unwrap_err().contains(problem), "{members}");
    }
}

/// With a Service Bus trigger with these members.
fn service_bus(members: &str) -> Result<ServiceBusTrigger, String> {
    match function(&format!(r#"{{"type":"serviceBusTrigger","direction":"in","name":"messages"{members}}}"#))? {
        Declared::ServiceBus(function) => Ok(function.trigger),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_service_bus_trigger_is_read() {
    let trigger = service_bus(r#","queueName":"q""#).unwrap();
    assert_eq!((trigger.entity, trigger.auto_complete), (Entity::Queue("q".to_owned()), None));
    let trigger =
        service_bus(r#","topicName":"t","subscriptionName":"s","connection":"BUS","autoComplete":false"#).unwrap();
    let entity = Entity::Subscription { topic: "t".to_owned(), subscription: "s".to_owned() };
    assert_eq!((trigger.entity, trigger.auto_complete), (entity, Some(false)));
    assert_eq!(trigger.connection, "BUS");

    for (members, problem) in [
        (r#","topicName":"t""#, "topicName and subscriptionName"),
        (r#","queueName":"q","topicName":"t","subscriptionName":"s""#, "must have queueName, or"),
        (r#","queueName":"q","isSessionsEnabled":true"#, "no sessions"),
    ] {
        assert!(service_bus(members).unwrap_err().contains(problem), "{members}");
    }
}

//! The few queries that are known.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Instance, MEETING_ROOM, SENSOR, room};

/// Three sensors, a room and a meeting room, and two relationships.
async fn building() -> Instance {
    let instance = Instance::with_models().await;
    for sensor in ["s1", "s2", "it's"] {
        instance.create(&sensor.replace('\'', "%27"), json!({"$metadata": {"$model": SENSOR}})).await;
    }
    instance.create_room("room1").await;
    let mut meeting_room = room();
    meeting_room["$metadata"]["$model"] = json!(MEETING_ROOM);
    instance.create("room2", meeting_room).await;
    for (source, id, target) in [("room1", "r1", "s1"), ("room1", "r2", "s2"), ("room2", "r1", "s2")] {
        let body = json!({"$relationshipName": "has", "$targetId": target});
        let path = format!("/digitaltwins/{source}/relationships/{id}");
        instance.put(&path, body).await.expect(StatusCode::OK);
    }
    instance
}

/// Everything that a query finds, page by page.
async fn find(instance: &Instance, query: &str, page_size: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut body = json!({"query": query});
    loop {
        let headers = [("max-items-per-page", page_size)];
        let page = instance.send_with(Method::POST, "/query", &headers, Some(body)).await.expect(StatusCode::OK);
        let value = page["value"].as_array().unwrap();
        assert!(!value.is_empty() || found.is_empty());
        found.extend(value.iter().map(|item| match item["$dtId"].as_str() {
            Some(twin) => twin.to_owned(),
            None => format!("{}/{}", item["$sourceId"].as_str().unwrap(), item["$relationshipId"].as_str().unwrap()),
        }));
        match &page["continuationToken"] {
            Value::Null => return found,
            token => body = json!({"query": query, "continuationToken": token}),
        }
    }
}

#[tokio::test]
async fn a_query_finds_twins_and_relationships() {
    let instance = building().await;
    for (query, expected) in [
        ("SELECT * FROM digitaltwins", vec!["it's", "room1", "room2", "s1", "s2"]),
        ("select * from DIGITALTWINS T where T.$dtId = 's1'", vec!["s1"]),
        ("SELECT * FROM digitaltwins WHERE $dtId = 'it\\'s'", vec!["it's"]),
        ("SELECT * FROM digitaltwins WHERE $dtId = 'none'", vec![]),
        ("SELECT * FROM digitaltwins WHERE IS_OF_MODEL('dtmi:test:Room;1')", vec!["room1", "room2"]),
        ("SELECT * FROM digitaltwins T WHERE IS_OF_MODEL(T, 'dtmi:test:Room;1', exact)", vec!["room1"]),
        ("SELECT * FROM digitaltwins WHERE IS_OF_MODEL('dtmi:test:Room;1') AND $dtId = 'room2'", vec!["room2"]),
        ("SELECT * FROM relationships", vec!["room1/r1", "room1/r2", "room2/r1"]),
        ("SELECT * FROM relationships R WHERE R.$sourceId = 'room1'", vec!["room1/r1", "room1/r2"]),
        (
            "SELECT * FROM relationships WHERE $targetId = 's2' AND $relationshipName = 'has'",
            vec!["room1/r2", "room2/r1"],
        ),
        ("SELECT * FROM relationships WHERE $relationshipId = 'r1'", vec!["room1/r1", "room2/r1"]),
    ] {
        for page_size in ["1", "2", "1000"] {
            assert_eq!(find(&instance, query, page_size).await, expected, "{query}, {page_size} a page");
        }
    }
}

#[tokio::test]
async fn any_other_query_is_refused_with_a_sentence_that_says_what_is_known() {
    let instance = building().await;
    for query in [
        "foo",
        "",
        "SELECT",
        "SELECT T FROM digitaltwins T",
        "SELECT COUNT() FROM digitaltwins",
        "SELECT * FROM twins",
        "SELECT * FROM digitaltwins WHERE",
        "SELECT * FROM digitaltwins WHERE Temperature > 20",
        "SELECT * FROM digitaltwins WHERE $dtId = 's1' OR $dtId = 's2'",
        "SELECT * FROM digitaltwins WHERE $dtId IN ['s1']",
        "SELECT * FROM digitaltwins T JOIN R RELATED T.has",
        "SELECT * FROM relationships WHERE IS_OF_MODEL('x')",
        "SELECT * FROM digitaltwins WHERE IS_OF_MODEL(",
    ] {
        let reply = instance.send(Method::POST, "/query", Some(json!({"query": query}))).await;
        assert!(reply.refused(400, "SqlQueryError").contains("SELECT * FROM digitaltwins"), "{query}");
    }
    instance.send(Method::POST, "/query", Some(json!({}))).await.refused(400, "SqlQueryError");
    let token = json!({"continuationToken": "x"});
    instance.send(Method::POST, "/query", Some(token)).await.refused(400, "BadRequest");
    let query = json!({"query": "SELECT * FROM digitaltwins"});
    let reply = instance.send_with(Method::POST, "/query", &[("max-items-per-page", "0")], Some(query)).await;
    reply.refused(400, "InvalidArgument");
}

"""Goes through the life of two twins with Microsoft's Python client, and prints each step that went as it must as a JSON
string a line.

Usage: digital_twins.py URL

URL is that of the service, plain http. Ends with an error at the first step that did not go as it must.
"""

import json
import sys

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.digitaltwins.core import DigitalTwinsClient, DigitalTwinsEventRoute

ROOM = "dtmi:example:Room;1"
THERMOSTAT = "dtmi:example:Thermostat;1"

MODELS = [
    {
        "@id": ROOM,
        "@type": "Interface",
        "@context": "dtmi:dtdl:context;2",
        "displayName": "Room",
        "contents": [
            {"@type": "Property", "name": "Temperature", "schema": "double"},
            {"@type": "Component", "name": "thermostat", "schema": THERMOSTAT},
            {
                "@type": "Relationship",
                "name": "near",
                "properties": [{"@type": "Property", "name": "metres", "schema": "integer"}],
            },
        ],
    },
    {
        "@id": THERMOSTAT,
        "@type": "Interface",
        "@context": "dtmi:dtdl:context;2",
        "contents": [{"@type": "Property", "name": "setPoint", "schema": "double"}],
    },
]


class NoToken:
    """A credential that is never asked: the policy below takes its place."""

    def get_token(self, *scopes, **options):
        raise AssertionError("no token is needed")


class PlainHttp(SansIOHTTPPolicy):
    """Authorizes requests without a token, which the client's own policy refuses to send over plain http."""

    def on_request(self, request):
        request.http_request.headers["Authorization"] = "Bearer local"


def done(step):
    print(json.dumps(step), flush=True)


def refused(step, kind, call, *arguments, **options):
    """The call must be refused with that kind of exception. Prints the error's code, or the status where it has none."""
    try:
        call(*arguments, **options)
    except kind as error:
        done(f"{step}: {412 if error.status_code == 412 else error.error.code}")
    else:
        raise AssertionError(f"{step} was not refused")


def room(temperature):
    return {"$metadata": {"$model": ROOM}, "Temperature": temperature, "thermostat": {"$metadata": {}, "setPoint": 20}}


def main():
    client = DigitalTwinsClient(sys.argv[1], NoToken(), authentication_policy=PlainHttp())

    created = client.create_models(MODELS)
    assert [model.id for model in created] == [ROOM, THERMOSTAT]
    listed = list(client.list_models(dependencies_for=[ROOM], include_model_definition=True))
    assert [model.model["@id"] for model in listed] == [ROOM, THERMOSTAT]
    assert client.get_model(ROOM).display_name == {"en": "Room"}
    done("models created")
    refused("model created again", HttpResponseError, client.create_models, MODELS)

    first = client.upsert_digital_twin("room 1", room(21.5), match_condition=MatchConditions.IfMissing)
    client.upsert_digital_twin("room 2", room(22))
    assert client.get_digital_twin("room 1") == first
    assert first["$dtId"] == "room 1" and first["$metadata"]["$model"] == ROOM
    done("twins created")
    missing = {"match_condition": MatchConditions.IfMissing}
    refused("twin created again", ResourceExistsError, client.upsert_digital_twin, "room 1", room(1), **missing)

    unmodified = {"etag": first["$etag"], "match_condition": MatchConditions.IfNotModified}
    warmer = [
        {"op": "replace", "path": "/Temperature", "value": 23.25},
        {"op": "add", "path": "/$metadata/Temperature/sourceTime", "value": "2021-11-30T18:47:53.7648958Z"},
    ]
    client.update_digital_twin("room 1", warmer, **unmodified)
    second = client.get_digital_twin("room 1")
    assert second["Temperature"] == 23.25 and second["$etag"] != first["$etag"]
    assert second["$metadata"]["Temperature"]["sourceTime"] == "2021-11-30T18:47:53.7648958Z"
    done("twin patched")
    refused("stale patch", ResourceModifiedError, client.update_digital_twin, "room 1", warmer, **unmodified)
    wrong = [{"op": "replace", "path": "/Temperature", "value": "warm"}]
    refused("patch with a wrong type", HttpResponseError, client.update_digital_twin, "room 1", wrong)

    client.update_component("room 1", "thermostat", [{"op": "replace", "path": "/setPoint", "value": 19}])
    assert client.get_component("room 1", "thermostat")["setPoint"] == 19
    done("component patched")

    near = {"$relationshipId": "near", "$sourceId": "room 1", "$relationshipName": "near", "$targetId": "room 2"}
    relationship = client.upsert_relationship("room 1", "near", near)
    assert {name: relationship[name] for name in near} == near
    done("relationship created")
    client.update_relationship("room 1", "near", [{"op": "add", "path": "/metres", "value": 3}])
    assert client.get_relationship("room 1", "near")["metres"] == 3
    done("relationship patched")
    assert [found["$targetId"] for found in client.list_relationships("room 1")] == ["room 2"]
    assert [found.source_id for found in client.list_incoming_relationships("room 2")] == ["room 1"]
    done("relationships listed")

    client.publish_telemetry("room 1", {"noise": 40}, message_id="m-1")
    client.publish_component_telemetry("room 1", "thermostat", {"valve": 0.5})
    done("telemetry sent")

    found = client.query_twins("SELECT * FROM digitaltwins", headers={"max-items-per-page": "1"})
    assert [twin["$dtId"] for twin in found] == ["room 1", "room 2"]
    done("queried by pages")

    client.upsert_event_route("mine", DigitalTwinsEventRoute(endpoint_name="event-grid", filter="false"))
    assert client.get_event_route("mine").filter == "false"
    assert "mine" in [route.id for route in client.list_event_routes()]
    client.delete_event_route("mine")
    done("event routes")

    refused("twin with relationships", HttpResponseError, client.delete_digital_twin, "room 2")
    client.delete_relationship("room 1", "near")
    client.delete_digital_twin("room 1", match_condition=MatchConditions.IfPresent)
    client.delete_digital_twin("room 2")
    client.decommission_model(ROOM)
    for model in (ROOM, THERMOSTAT):
        client.delete_model(model)
    done("everything deleted")
    refused("deleted twin", ResourceNotFoundError, client.get_digital_twin, "room 1")


main()

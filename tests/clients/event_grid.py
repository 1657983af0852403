"""Publishes events with Microsoft's Python client, or parses with it what a webhook got.

Usage: event_grid.py publish (event-grid | cloud-events) ENDPOINT COUNT
           prints nothing, or one JSON object that says why the events were refused
       event_grid.py parse (event-grid | cloud-events) < BODIES
           reads a body of a delivery from each line and prints a JSON object for each event
"""

import json
import sys
from datetime import datetime, timezone

from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError
from azure.core.messaging import CloudEvent
from azure.eventgrid import EventGridEvent, EventGridPublisherClient

TYPE = "Microsoft.DigitalTwins.Twin.Update"
SUBJECT = "grün"
TIME = datetime(2021, 12, 9, 20, 28, 52, tzinfo=timezone.utc)


def event_grid_event(number):
    return EventGridEvent(
        id=f"id-{number}", event_type=TYPE, subject=SUBJECT, event_time=TIME, data={"number": number}, data_version="1.0"
    )


def cloud_event(number):
    return CloudEvent(
        id=f"id-{number}", type=TYPE, source="host", subject=SUBJECT, time=TIME, data={"number": number}
    )


def publish(make, endpoint, count):
    client = EventGridPublisherClient(endpoint, AzureKeyCredential("any"), retry_total=0)
    try:
        # The first alone, the others together.
        client.send(make(0))
        if count > 1:
            client.send([make(number) for number in range(1, count)])
    except HttpResponseError as refusal:
        print(json.dumps({"status": refusal.status_code, "code": refusal.error.code, "message": refusal.message}))


def parse(schema):
    for body in sys.stdin:
        events = json.loads(body)
        for event in events if isinstance(events, list) else [events]:
            if schema == "event-grid":
                read = EventGridEvent.from_json(json.dumps(event))
                kind, time = read.event_type, read.event_time
            else:
                read = CloudEvent.from_json(json.dumps(event))
                kind, time = read.type, read.time
            print(
                json.dumps(
                    {"id": read.id, "type": kind, "subject": read.subject, "data": read.data, "time": time.isoformat()}
                )
            )


command, schema = sys.argv[1:3]
if command == "publish":
    publish(event_grid_event if schema == "event-grid" else cloud_event, sys.argv[3], int(sys.argv[4]))
else:
    parse(schema)

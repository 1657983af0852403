"""Reads events with Microsoft's Python client, from the beginning of every partition, one JSON object a line.

Usage: read_events.py CONNECTION_STRING COUNT [--group GROUP]

Ends with 0 after COUNT events, with 1 if 60 seconds pass without that many.
"""

import argparse
import json
import sys
import threading

from azure.eventhub import EventHubConsumerClient

LIMIT_SECONDS = 60


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def plain(event, partition):
    return {
        "partition": partition,
        "sequenceNumber": event.sequence_number,
        "offset": event.offset,
        "enqueuedTime": event.enqueued_time.isoformat(timespec="milliseconds"),
        "messageId": event.message_id and str(text(event.message_id)),
        "contentType": text(event.content_type),
        "partitionKey": text(event.partition_key),
        "properties": {text(name): text(value) for name, value in (event.properties or {}).items()},
        "body": event.body_as_str(),
    }


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("connection_string")
    arguments.add_argument("count", type=int)
    arguments.add_argument("--group", default="$Default")
    arguments = arguments.parse_args()

    events = []
    lock = threading.Lock()
    enough = threading.Event()

    def on_event(context, event):
        with lock:
            if event is not None and len(events) < arguments.count:
                events.append(plain(event, context.partition_id))
                print(json.dumps(events[-1]), flush=True)
            if len(events) >= arguments.count:
                enough.set()

    # By default the client takes one partition every ten seconds, to share them with others of its group.
    client = EventHubConsumerClient.from_connection_string(
        arguments.connection_string, arguments.group, load_balancing_interval=1, load_balancing_strategy="greedy"
    )
    receiving = threading.Thread(
        target=client.receive, kwargs={"on_event": on_event, "starting_position": "-1"}, daemon=True
    )
    receiving.start()
    came = enough.wait(LIMIT_SECONDS)
    client.close()
    receiving.join(5)
    return 0 if came else 1


sys.exit(main())

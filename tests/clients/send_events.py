"""Sends events with Microsoft's Python client: a third with a partition key, a third to a partition, a third to neither.

Usage: send_events.py CONNECTION_STRING COUNT [--buffered]

With --buffered each event has a key of its own, "python-N", and goes through the client's buffered mode, which computes
the partition of a key by itself.

Event number N has the body {"number": N}, message id "python-N" and the properties "number" and "client". The keys are
"python-key-K". The events travel in batches of at most ten.
"""

import argparse
import json

from azure.eventhub import EventData, EventHubProducerClient

BATCH = 10


def event(number):
    data = EventData(json.dumps({"number": number}))
    data.message_id = f"python-{number}"
    data.content_type = "application/json"
    data.properties = {"number": number, "client": "python"}
    return data


def send_batches(connection_string, count):
    client = EventHubProducerClient.from_connection_string(connection_string)
    with client:
        partitions = client.get_partition_ids()
        for turn, first in enumerate(range(0, count, BATCH)):
            destination = (
                {"partition_key": f"python-key-{turn}"},
                {"partition_id": partitions[turn % len(partitions)]},
                {},
            )[turn % 3]
            batch = client.create_batch(**destination)
            for number in range(first, min(first + BATCH, count)):
                batch.add(event(number))
            client.send_batch(batch)


def send_buffered(connection_string, count):
    failures = []
    client = EventHubProducerClient.from_connection_string(
        connection_string,
        buffered_mode=True,
        on_success=lambda events, partition: None,
        on_error=lambda events, partition, error: failures.append(error),
    )
    with client:
        for number in range(count):
            client.send_event(event(number), partition_key=f"python-{number}")
        client.flush()
    if failures:
        raise failures[0]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("connection_string")
    arguments.add_argument("count", type=int)
    arguments.add_argument("--buffered", action="store_true")
    arguments = arguments.parse_args()
    send = send_buffered if arguments.buffered else send_batches
    send(arguments.connection_string, arguments.count)


main()

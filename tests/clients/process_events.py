"""Processes events with Microsoft's Python client, sharing the partitions with others through blobs, until it is killed.

Usage: process_events.py CONNECTION_STRING STORAGE_CONNECTION_STRING CONTAINER

Prints one JSON object a line: {"took": PARTITION}, {"lost": PARTITION} and {"body": BODY}.
"""

import json
import sys
import threading

from azure.eventhub import EventHubConsumerClient
from azure.eventhub.extensions.checkpointstoreblob import BlobCheckpointStore
from azure.storage.blob import ContainerClient

# A second for what takes ten by default: looking whether the others are still there.
LOOK_SECONDS = 1
EXPIRY_SECONDS = 5

lock = threading.Lock()


def tell(**what):
    with lock:
        print(json.dumps(what), flush=True)


def on_event(context, event):
    if event is not None:
        tell(body=event.body_as_str())
        context.update_checkpoint(event)


hub, storage, container = sys.argv[1:]
with ContainerClient.from_connection_string(storage, container) as blobs:
    if not blobs.exists():
        blobs.create_container()
client = EventHubConsumerClient.from_connection_string(
    hub,
    "$Default",
    checkpoint_store=BlobCheckpointStore.from_connection_string(storage, container),
    load_balancing_interval=LOOK_SECONDS,
    partition_ownership_expiration_interval=EXPIRY_SECONDS,
    # The client waits so long before it opens a link again that another has taken.
    retry_backoff_factor=0.1,
)
client.receive(
    on_event=on_event,
    on_partition_initialize=lambda context: tell(took=context.partition_id),
    on_partition_close=lambda context, reason: tell(lost=context.partition_id),
    on_error=lambda context, error: print(error, file=sys.stderr),
    starting_position="-1",
)

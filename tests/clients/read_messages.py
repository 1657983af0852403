"""Receives messages with Microsoft's Python client and completes them, one JSON object a line.

Usage: read_messages.py CONNECTION_STRING TOPIC SUBSCRIPTION COUNT

Ends with 0 after COUNT messages, with 1 if 60 seconds pass without that many.
"""

import json
import sys
import time

from azure.servicebus import ServiceBusClient

LIMIT_SECONDS = 60


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def plain(message):
    return {
        "sequenceNumber": message.sequence_number,
        "deliveryCount": message.delivery_count,
        "messageId": message.message_id,
        "correlationId": message.correlation_id,
        "contentType": text(message.content_type),
        "properties": {text(name): text(value) for name, value in (message.application_properties or {}).items()},
        "body": b"".join(message.body).decode(),
    }


def main():
    connection_string, topic, subscription, count = sys.argv[1:]
    left = int(count)
    end = time.monotonic() + LIMIT_SECONDS
    with ServiceBusClient.from_connection_string(connection_string) as client:
        with client.get_subscription_receiver(topic, subscription) as receiver:
            while left > 0 and time.monotonic() < end:
                for message in receiver.receive_messages(max_message_count=left, max_wait_time=5):
                    print(json.dumps(plain(message)), flush=True)
                    receiver.complete_message(message)
                    left -= 1
    return 0 if left == 0 else 1


sys.exit(main())

"""Sends to a Service Bus topic and receives from a subscription with Microsoft's Python client.

Usage: service_bus.py CONNECTION_STRING TOPIC SUBSCRIPTION OPERATION [COUNT] [--dead-letters] [--prefetch N]

    send, send-batch           sends COUNT messages, one by one or in a batch
    send-large                 sends a message with a body of COUNT bytes
    complete, abandon, dead-letter, leave
                               receives COUNT messages and does that with each
    renew                      receives COUNT messages, renews the lock of each and completes it
    resume                     receives a message, waits for a line on the standard input and completes it then
    delete                     receives COUNT messages in the mode that removes them at once
    peek                       looks at COUNT messages

Prints each message that it received, one JSON object a line, and at last {"error": NAME} if the client reported one.

Message number N has the body {"number": N}, message id "python-N" and the properties "number" and "client".
"""

import argparse
import json
import sys

from azure.servicebus import (
    ServiceBusClient,
    ServiceBusMessage,
    ServiceBusReceiveMode,
    ServiceBusSubQueue,
)
from azure.servicebus.exceptions import ServiceBusError

# How long to wait for a message, and for another one after it, in seconds.
WAIT = 20


def message(number):
    return ServiceBusMessage(
        json.dumps({"number": number}),
        message_id=f"python-{number}",
        content_type="application/json",
        application_properties={"number": number, "client": "python"},
    )


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def plain(received):
    properties = received.application_properties or {}
    return {
        "messageId": received.message_id,
        "contentType": received.content_type,
        "body": b"".join(received.body).decode(),
        "properties": {text(name): text(value) for name, value in properties.items()},
        "deliveryCount": received.delivery_count,
        "sequenceNumber": received.sequence_number,
        "enqueuedTime": received.enqueued_time_utc.isoformat(),
        "lockedUntil": received.locked_until_utc.isoformat() if received.locked_until_utc else None,
        "deadLetterReason": received.dead_letter_reason,
        "deadLetterErrorDescription": received.dead_letter_error_description,
    }


def tell(value):
    print(json.dumps(value), flush=True)


def send(client, arguments):
    with client.get_topic_sender(arguments.topic) as sender:
        if arguments.operation == "send-large":
            sender.send_messages(ServiceBusMessage("x" * arguments.count, message_id="large"))
        elif arguments.operation == "send-batch":
            batch = sender.create_message_batch()
            for number in range(arguments.count):
                batch.add_message(message(number))
            sender.send_messages(batch)
        else:
            for number in range(arguments.count):
                sender.send_messages(message(number))


def settle(receiver, received, operation):
    if operation == "abandon":
        receiver.abandon_message(received)
    elif operation == "dead-letter":
        receiver.dead_letter_message(received, reason="bad", error_description="told to")
    elif operation == "renew":
        tell({"renewedUntil": receiver.renew_message_lock(received).isoformat()})
        receiver.complete_message(received)
    elif operation == "resume":
        sys.stdin.readline()
        receiver.complete_message(received)
    elif operation == "complete":
        receiver.complete_message(received)


def receive(client, arguments):
    mode = ServiceBusReceiveMode.PEEK_LOCK
    if arguments.operation == "delete":
        mode = ServiceBusReceiveMode.RECEIVE_AND_DELETE
    options = {"sub_queue": ServiceBusSubQueue.DEAD_LETTER} if arguments.dead_letters else {}
    with client.get_subscription_receiver(
        arguments.topic,
        arguments.subscription,
        receive_mode=mode,
        prefetch_count=arguments.prefetch,
        **options,
    ) as receiver:
        if arguments.operation == "peek":
            for peeked in receiver.peek_messages(arguments.count):
                tell(plain(peeked))
            return
        seen = 0
        while seen < arguments.count:
            batch = receiver.receive_messages(arguments.count - seen, WAIT)
            if not batch:
                break
            for received in batch:
                seen += 1
                tell(plain(received))
                settle(receiver, received, arguments.operation)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("connection_string")
    arguments.add_argument("topic")
    arguments.add_argument("subscription")
    arguments.add_argument("operation")
    arguments.add_argument("count", type=int, nargs="?", default=1)
    arguments.add_argument("--dead-letters", action="store_true")
    arguments.add_argument("--prefetch", type=int, default=0)
    arguments = arguments.parse_args()
    run = send if arguments.operation.startswith("send") else receive
    with ServiceBusClient.from_connection_string(arguments.connection_string, retry_total=1) as client:
        try:
            run(client, arguments)
        except ServiceBusError as error:
            tell({"error": type(error).__name__, "text": str(error)})


main()

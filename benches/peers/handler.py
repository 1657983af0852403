"""A custom handler for Azure Functions on Microsoft's SDK for Python, which does the work of twin-bridge.

Usage: handler.py

FUNCTIONS_CUSTOMHANDLER_PORT and EVENT_HUB mean what they mean for twin-bridge. As well as it can be done by hand: what
comes while a batch to a partition is under way goes with the next one.
"""

import asyncio
import os
import sys
import zlib

import orjson
import uvloop
from aiohttp import web
from azure.eventhub.aio import EventHubProducerClient
from azure.eventhub.amqp import AmqpAnnotatedMessage

from records import events_of, records_of

ANSWER = orjson.dumps({"Outputs": {}, "Logs": [], "ReturnValue": None})


def message_of(record, traceparent):
    return AmqpAnnotatedMessage(
        data_body=orjson.dumps(record),
        properties={"message_id": record["EventId"], "content_type": "application/json"},
        application_properties={"Diagnostic-Id": traceparent},
        # On the event itself, so that events of many twins can travel together.
        annotations={"x-opt-partition-key": record["Id"]},
    )


class Partition:
    """One partition, with one batch under way at a time."""

    def __init__(self, client, partition_id):
        self.client = client
        self.partition_id = partition_id
        self.queue = []
        self.task = None

    async def send(self, entries):
        done = asyncio.get_running_loop().create_future()
        self.queue.append((entries, done))
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self.run())
        await done

    async def run(self):
        while self.queue:
            jobs, self.queue = self.queue, []
            try:
                batch = await self.client.create_batch(partition_id=self.partition_id)
                for entries, _ in jobs:
                    for entry in entries:
                        message = message_of(*entry)
                        try:
                            batch.add(message)
                        except ValueError:
                            await self.client.send_batch(batch)
                            batch = await self.client.create_batch(partition_id=self.partition_id)
                            batch.add(message)
                await self.client.send_batch(batch)
            except Exception as error:
                for _, done in jobs:
                    done.set_exception(error)
            else:
                for _, done in jobs:
                    done.set_result(None)


class Handler:
    def __init__(self, client):
        self.client = client
        self.partitions = None

    async def open_partitions(self):
        return [Partition(self.client, partition) for partition in await self.client.get_partition_ids()]

    async def deliver(self, request):
        body = await request.read()
        try:
            if self.partitions is None:
                self.partitions = asyncio.ensure_future(self.open_partitions())
            partitions = await self.partitions
            parts = {}
            for event in events_of(body):
                traceparent = event["data"]["traceparent"]
                # Any stable hash keeps a twin in one partition.
                partition = partitions[zlib.crc32(event["subject"].encode()) % len(partitions)]
                parts.setdefault(partition, []).extend((record, traceparent) for record in records_of(event))
            await asyncio.gather(*(partition.send(part) for partition, part in parts.items()))
        except Exception as error:
            print(repr(error), file=sys.stderr, flush=True)
            return web.Response(status=503, body=orjson.dumps({"title": str(error)}), content_type="application/json")
        return web.Response(body=ANSWER, content_type="application/json")


async def status(_):
    return web.Response(body=b"{}", content_type="application/json")


async def application():
    handler = Handler(EventHubProducerClient.from_connection_string(os.environ["EVENT_HUB"]))
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_get("/", status)
    app.router.add_post("/{function}", handler.deliver)
    return app


uvloop.install()
web.run_app(application(), host="127.0.0.1", port=int(os.environ["FUNCTIONS_CUSTOMHANDLER_PORT"]), access_log=None, print=None)

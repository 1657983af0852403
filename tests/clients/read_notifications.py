"""Reads events with the classes that Microsoft has for them: one event a line comes in, what is in it goes out as one JSON
object a line.

Usage: read_notifications.py < EVENTS
"""

import json
import sys

from azure.core.messaging import CloudEvent
from azure.eventgrid import EventGridEvent

for line in sys.stdin:
    event = json.loads(line)
    if "specversion" in event:
        event = CloudEvent.from_dict(event)
        seen = {"schema": "CloudEvent", "id": event.id, "type": event.type, "source": event.source}
        seen |= {"subject": event.subject, "timed": event.time is not None, "data": event.data}
    else:
        event = EventGridEvent.from_dict(event)
        seen = {"schema": "EventGridEvent", "id": event.id, "type": event.event_type, "topic": event.topic}
        seen |= {"subject": event.subject, "timed": event.event_time.year > 1, "data": event.data}
    print(json.dumps(seen), flush=True)

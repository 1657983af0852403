"""From an event of Azure Digital Twins (Event Grid schema) to data-history records: the same names, the same values, the
same identities that twin-bridge gives them. Written for speed as far as plain Python goes."""

import orjson


def events_of(body):
    """The events of an invocation: JSON in a string (cardinality many), or the event itself (cardinality one)."""
    events = orjson.loads(body)["Data"]["events"]
    if isinstance(events, str):
        events = orjson.loads(events)
    return events if isinstance(events, list) else [events]


def records_of(event):
    """One record for each property that a twin's update changes."""
    if event["eventType"] != "Microsoft.DigitalTwins.Twin.Update":
        return []
    data = event["data"]["data"]
    changes = []
    source_times = {}
    for operation in data["patch"]:
        op = operation["op"]
        segments = [unescape(segment) for segment in operation["path"].split("/")[1:]]
        if "$metadata" in segments:
            at = segments.index("$metadata")
            if segments[at + 2 : at + 3] == ["sourceTime"] and op != "remove":
                source_times[key_of([*segments[:at], segments[at + 1]])] = operation["value"]
        elif not any(segment.startswith("$") for segment in segments):
            if op == "remove":
                changes.append((key_of(segments), None, "Delete"))
            elif op in ("add", "replace"):
                flatten(key_of(segments), operation["value"], changes)
            else:
                raise ValueError(f"unknown operation {op}")

    time_stamp, twin, model, event_id = event["eventTime"], event["subject"], data["modelId"], event["id"]
    records = []
    for index, (key, value, action) in enumerate(changes):
        record = {"TimeStamp": time_stamp}
        if key in source_times:
            record["SourceTimeStamp"] = source_times[key]
        record["Id"] = twin
        record["ModelId"] = model
        record["Key"] = key
        record["Value"] = value
        record["Action"] = action
        record["EventId"] = f"{event_id}#{index}"
        records.append(record)
    return records


def flatten(key, value, changes):
    if not isinstance(value, dict) or not value:
        changes.append((key, value, "Update"))
        return
    for name, member in value.items():
        if not name.startswith("$"):
            flatten(f"{key}.{escape(name)}", member, changes)


def key_of(segments):
    return ".".join([escape(segment) for segment in segments])


def escape(segment):
    return segment.replace("\\", "\\\\").replace(".", "\\.")


def unescape(segment):
    return segment.replace("~1", "/").replace("~0", "~") if "~" in segment else segment

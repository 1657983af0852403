// From an event of Azure Digital Twins (Event Grid schema) to data-history records: the same names, the same values, the
// same identities that twin-bridge gives them. Written for speed as far as plain JavaScript goes.

/** The events of an invocation: JSON in a string (cardinality many), or the event itself (cardinality one). */
export function eventsOf(invocation) {
  let events = invocation.Data.events;
  if (typeof events === 'string') events = JSON.parse(events);
  return Array.isArray(events) ? events : [events];
}

/** One record for each property that a twin's update changes. */
export function recordsOf(event) {
  if (event.eventType !== 'Microsoft.DigitalTwins.Twin.Update') return [];
  const { patch, modelId } = event.data.data;
  const changes = [];
  const sourceTimes = new Map();
  for (const { op, path, value } of patch) {
    const segments = path.split('/').slice(1).map(unescape);
    const metadata = segments.indexOf('$metadata');
    if (metadata >= 0) {
      if (segments[metadata + 2] === 'sourceTime' && op !== 'remove') {
        sourceTimes.set(keyOf([...segments.slice(0, metadata), segments[metadata + 1]]), value);
      }
    } else if (!segments.some((segment) => segment.startsWith('$'))) {
      if (op === 'remove') changes.push({ key: keyOf(segments), value: null, action: 'Delete' });
      else if (op === 'add' || op === 'replace') flatten(keyOf(segments), value, changes);
      else throw new Error(`unknown operation ${op}`);
    }
  }
  return changes.map(({ key, value, action }, index) => {
    const record = { TimeStamp: event.eventTime };
    const sourceTime = sourceTimes.size > 0 ? sourceTimes.get(key) : undefined;
    if (sourceTime !== undefined) record.SourceTimeStamp = sourceTime;
    record.Id = event.subject;
    record.ModelId = modelId;
    record.Key = key;
    record.Value = value;
    record.Action = action;
    record.EventId = `${event.id}#${index}`;
    return record;
  });
}

function flatten(key, value, changes) {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || Object.keys(value).length === 0) {
    changes.push({ key, value, action: 'Update' });
    return;
  }
  for (const [name, member] of Object.entries(value)) {
    if (!name.startsWith('$')) flatten(`${key}.${escape(name)}`, member, changes);
  }
}

const keyOf = (segments) => segments.map(escape).join('.');

const escape = (segment) => (/[.\\]/.test(segment) ? segment.replace(/[.\\]/g, '\\$&') : segment);

const unescape = (segment) =>
  segment.includes('~') ? segment.replaceAll('~1', '/').replaceAll('~0', '~') : segment;

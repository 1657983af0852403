// Reads events with Microsoft's JavaScript client, from the beginning of every partition, one JSON object a line.
//
// Usage: node read_events.mjs CONNECTION_STRING COUNT [--group GROUP]
//
// Ends with 0 after COUNT events, with 1 if 60 seconds pass without that many.

import { parseArgs } from 'node:util';
import { load } from './load.mjs';

const { EventHubConsumerClient, earliestEventPosition } = load('@azure/event-hubs');

const LIMIT_MILLISECONDS = 60_000;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { group: { type: 'string', default: '$Default' } },
});
const [connectionString, count] = [positionals[0], Number(positionals[1])];

// The client hands over ids that are UUIDs as their bytes.
const text = (id) => {
  if (!Buffer.isBuffer(id)) return id;
  return id.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

// The client turns JSON bodies into values; the bytes as they came are in the raw message's data section.
const body = (event) => event.getRawAmqpMessage().body.content.toString();

const plain = (event, partition) => ({
  partition,
  sequenceNumber: event.sequenceNumber,
  offset: event.offset,
  enqueuedTime: event.enqueuedTimeUtc.toISOString(),
  messageId: text(event.messageId) ?? null,
  contentType: event.contentType ?? null,
  partitionKey: event.partitionKey ?? null,
  properties: event.properties ?? {},
  body: body(event),
});

const client = new EventHubConsumerClient(values.group, connectionString);
let seen = 0;
const came = await new Promise((resolve) => {
  const limit = setTimeout(() => resolve(false), LIMIT_MILLISECONDS);
  const processEvents = async (events, context) => {
    for (const event of events.slice(0, count - seen)) {
      seen += 1;
      console.log(JSON.stringify(plain(event, context.partitionId)));
    }
    if (seen >= count) {
      clearTimeout(limit);
      resolve(true);
    }
  };
  const processError = async (error) => console.error(error);
  client.subscribe({ processEvents, processError }, { startPosition: earliestEventPosition, maxWaitTimeInSeconds: 1 });
});
await client.close();
process.exit(came ? 0 : 1);

// Sends events with Microsoft's JavaScript client: a third with a partition key, a third to a partition, a third to
// neither.
//
// Usage: node send_events.mjs CONNECTION_STRING COUNT [--buffered]
//
// With --buffered each event has a key of its own, "javascript-N", and goes through the buffered client, which computes
// the partition of a key by itself.
//
// Event number N has the body {"number": N}, message id "javascript-N" and the properties "number" and "client". The
// keys are "javascript-key-K". The events travel in batches of at most ten.

import { parseArgs } from 'node:util';
import { load } from './load.mjs';

const { EventHubBufferedProducerClient, EventHubProducerClient } = load('@azure/event-hubs');

const BATCH = 10;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { buffered: { type: 'boolean', default: false } },
});
const [connectionString, count] = [positionals[0], Number(positionals[1])];

const event = (number) => ({
  body: { number },
  messageId: `javascript-${number}`,
  contentType: 'application/json',
  properties: { number, client: 'javascript' },
});

async function sendBatches() {
  const client = new EventHubProducerClient(connectionString);
  const partitions = await client.getPartitionIds();
  for (let first = 0, turn = 0; first < count; first += BATCH, turn += 1) {
    const destinations = [
      { partitionKey: `javascript-key-${turn}` },
      { partitionId: partitions[turn % partitions.length] },
      {},
    ];
    const batch = await client.createBatch(destinations[turn % destinations.length]);
    for (let number = first; number < Math.min(first + BATCH, count); number += 1) {
      if (!batch.tryAdd(event(number))) throw new Error(`event ${number} does not fit`);
    }
    await client.sendBatch(batch);
  }
  await client.close();
}

async function sendBuffered() {
  const failures = [];
  const client = new EventHubBufferedProducerClient(connectionString, {
    onSendEventsErrorHandler: async ({ error }) => failures.push(error),
  });
  for (let number = 0; number < count; number += 1) {
    await client.enqueueEvent(event(number), { partitionKey: `javascript-${number}` });
  }
  await client.flush();
  if (failures.length > 0) throw failures[0];
  // Closing this client takes ten seconds, which it spends waiting for its own timer.
  process.exit(0);
}

await (values.buffered ? sendBuffered() : sendBatches());

// Three ways to bring records to an event hub with Microsoft's SDK for JavaScript. Each takes the records of a delivery
// and is done when the hub has accepted all of them.

import { EventHubBufferedProducerClient, EventHubProducerClient } from '@azure/event-hubs';

const EVENTS_AT_MOST = 5000;

/** With the partition key on the event itself, so that events of many twins can travel together. */
const eventOf = ({ record, traceparent }) => ({
  body: record,
  bodyType: 'data',
  properties: { messageId: record.EventId, contentType: 'application/json' },
  applicationProperties: { 'Diagnostic-Id': traceparent },
  messageAnnotations: { 'x-opt-partition-key': record.Id },
});

/**
 * As the samples do it: one batch, sent and awaited within the invocation. It goes to one partition, that of its first
 * event's key, so that a twin's records may come to lie in several.
 */
function perInvocation(connectionString) {
  const client = new EventHubProducerClient(connectionString);

  return async (entries) => {
    await sendAll(client, {}, entries);
  };
}

/** Sends records in as few batches as they fit into. */
async function sendAll(client, options, entries) {
  let batch = await client.createBatch(options);
  for (const entry of entries) {
    const event = eventOf(entry);
    if (batch.tryAdd(event)) continue;
    await client.sendBatch(batch);
    batch = await client.createBatch(options);
    if (!batch.tryAdd(event)) throw new Error('a record is too large');
  }
  if (batch.count > 0) await client.sendBatch(batch);
}

/** With the SDK's own producer that collects events; done when it has reported the success of each. */
function buffered(connectionString) {
  const waiting = new Map();
  const settle = (events, error) => {
    for (const event of events) {
      const delivery = waiting.get(event);
      waiting.delete(event);
      delivery?.settle(error);
    }
  };
  const client = new EventHubBufferedProducerClient(connectionString, {
    maxWaitTimeInMs: 1,
    maxEventBufferLengthPerPartition: EVENTS_AT_MOST,
    onSendEventsSuccessHandler: ({ events }) => settle(events),
    onSendEventsErrorHandler: ({ events, error }) => settle(events, error),
  });

  return (entries) =>
    new Promise((resolve, reject) => {
      let left = entries.length;
      if (left === 0) resolve();
      const delivery = {
        settle(error) {
          if (error) reject(error);
          else if (--left === 0) resolve();
        },
      };
      for (const entry of entries) {
        const event = eventOf(entry);
        waiting.set(event, delivery);
        client.enqueueEvent(event, { partitionKey: entry.record.Id }).catch(reject);
      }
    });
}

/** As well as it can be done by hand: what comes while a batch to a partition is under way goes with the next one. */
function grouped(connectionString) {
  const client = new EventHubProducerClient(connectionString);
  let partitions;

  class Partition {
    #queue = [];
    #busy = false;

    constructor(partitionId) {
      this.partitionId = partitionId;
    }

    send(entries) {
      return new Promise((resolve, reject) => {
        this.#queue.push({ entries, resolve, reject });
        if (!this.#busy) this.#run();
      });
    }

    async #run() {
      this.#busy = true;
      while (this.#queue.length > 0) {
        const jobs = this.#queue.splice(0);
        try {
          await sendAll(client, { partitionId: this.partitionId }, jobs.flatMap(({ entries }) => entries));
          for (const job of jobs) job.resolve();
        } catch (error) {
          for (const job of jobs) job.reject(error);
        }
      }
      this.#busy = false;
    }
  }

  return async (entries) => {
    partitions ??= client.getPartitionIds().then((ids) => ids.map((id) => new Partition(id)));
    const open = await partitions;
    const parts = new Map();
    for (const entry of entries) {
      const partition = open[hash(entry.record.Id) % open.length];
      const part = parts.get(partition);
      if (part) part.push(entry);
      else parts.set(partition, [entry]);
    }
    await Promise.all(Array.from(parts, ([partition, own]) => partition.send(own)));
  };
}

/** FNV-1a: any stable hash keeps a twin in one partition, and this one is cheap. */
function hash(text) {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

export const senders = { 'per-invocation': perInvocation, buffered, grouped };

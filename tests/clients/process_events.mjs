// Processes events with Microsoft's JavaScript client, sharing the partitions with others through blobs, until it is
// killed.
//
// Usage: node process_events.mjs CONNECTION_STRING STORAGE_CONNECTION_STRING CONTAINER
//
// Prints one JSON object a line: {"took": PARTITION}, {"lost": PARTITION} and {"body": BODY}.

import { load } from './load.mjs';

const { EventHubConsumerClient, earliestEventPosition } = load('@azure/event-hubs');
const { BlobCheckpointStore } = load('@azure/eventhubs-checkpointstore-blob');
const { ContainerClient } = load('@azure/storage-blob');

// A second for what takes ten by default: looking whether the others are still there.
const LOOK_MILLISECONDS = 1_000;
const EXPIRY_MILLISECONDS = 5_000;

const [hub, storage, container] = process.argv.slice(2);
const tell = (what) => console.log(JSON.stringify(what));

const blobs = new ContainerClient(storage, container);
await blobs.createIfNotExists();
const client = new EventHubConsumerClient('$Default', hub, new BlobCheckpointStore(blobs), {
  loadBalancingOptions: {
    strategy: 'greedy',
    updateIntervalInMs: LOOK_MILLISECONDS,
    partitionOwnershipExpirationIntervalInMs: EXPIRY_MILLISECONDS,
  },
});
client.subscribe(
  {
    processInitialize: async (context) => tell({ took: context.partitionId }),
    processClose: async (_, context) => tell({ lost: context.partitionId }),
    processEvents: async (events, context) => {
      for (const event of events) tell({ body: event.body.toString() });
      if (events.length > 0) await context.updateCheckpoint(events.at(-1));
    },
    processError: async (error) => console.error(error.message),
  },
  { startPosition: earliestEventPosition, maxWaitTimeInSeconds: 1 },
);

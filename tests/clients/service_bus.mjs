// Sends to a Service Bus topic and receives from a subscription with Microsoft's JavaScript client.
//
// Usage: node service_bus.mjs CONNECTION_STRING TOPIC SUBSCRIPTION OPERATION [COUNT] [--dead-letters]
//
//     send, send-batch           sends COUNT messages, one by one or in a batch
//     send-large                 sends a message with a body of COUNT bytes
//     complete, abandon, dead-letter, leave
//                                receives COUNT messages and does that with each
//     renew                      receives COUNT messages, renews the lock of each and completes it
//     resume                     receives a message, waits for a line on the standard input and completes it then
//     delete                     receives COUNT messages in the mode that removes them at once
//     peek                       looks at COUNT messages
//
// Prints each message that it received, one JSON object a line, and at last {"error": CODE} if the client reported one.
//
// Message number N has the body {"number": N}, message id "javascript-N" and the properties "number" and "client".

import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { load } from './load.mjs';

const { ServiceBusClient } = load('@azure/service-bus');

// How long to wait for a message.
const WAIT_MILLISECONDS = 20_000;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { 'dead-letters': { type: 'boolean', default: false } },
});
const [connectionString, topic, subscription, operation] = positionals;
const count = Number(positionals[4] ?? 1);

const message = (number) => ({
  body: { number },
  messageId: `javascript-${number}`,
  contentType: 'application/json',
  applicationProperties: { number, client: 'javascript' },
});

const plain = (received) => ({
  messageId: received.messageId,
  contentType: received.contentType ?? null,
  body: received.body.toString(),
  properties: received.applicationProperties ?? {},
  deliveryCount: received.deliveryCount,
  sequenceNumber: received.sequenceNumber.toNumber(),
  enqueuedTime: received.enqueuedTimeUtc.toISOString(),
  lockedUntil: received.lockedUntilUtc?.toISOString() ?? null,
  deadLetterReason: received.deadLetterReason ?? null,
  deadLetterErrorDescription: received.deadLetterErrorDescription ?? null,
});

const tell = (value) => console.log(JSON.stringify(value));

async function send(client) {
  const sender = client.createSender(topic);
  const messages = Array.from({ length: operation === 'send-large' ? 0 : count }, (_, number) => message(number));
  if (operation === 'send-large') {
    await sender.sendMessages({ body: Buffer.alloc(count, 'x'), messageId: 'large' });
  } else if (operation === 'send-batch') {
    const batch = await sender.createMessageBatch();
    for (const one of messages) if (!batch.tryAddMessage(one)) throw new Error(`${one.messageId} does not fit`);
    await sender.sendMessages(batch);
  } else {
    for (const one of messages) await sender.sendMessages(one);
  }
}

async function settle(receiver, received) {
  switch (operation) {
    case 'abandon':
      return receiver.abandonMessage(received);
    case 'dead-letter':
      return receiver.deadLetterMessage(received, { deadLetterReason: 'bad', deadLetterErrorDescription: 'told to' });
    case 'renew':
      tell({ renewedUntil: (await receiver.renewMessageLock(received)).toISOString() });
      return receiver.completeMessage(received);
    case 'resume':
      await once(process.stdin, 'data');
      process.stdin.destroy();
      return receiver.completeMessage(received);
    case 'complete':
      return receiver.completeMessage(received);
    default:
      return undefined;
  }
}

async function receive(client) {
  const receiver = client.createReceiver(topic, subscription, {
    receiveMode: operation === 'delete' ? 'receiveAndDelete' : 'peekLock',
    ...(values['dead-letters'] && { subQueueType: 'deadLetter' }),
    skipParsingBodyAsJson: true,
    maxAutoLockRenewalDurationInMs: 0,
  });
  if (operation === 'peek') {
    (await receiver.peekMessages(count)).map(plain).forEach(tell);
    return;
  }
  for (let seen = 0; seen < count; ) {
    const batch = await receiver.receiveMessages(count - seen, { maxWaitTimeInMs: WAIT_MILLISECONDS });
    if (batch.length === 0) break;
    for (const received of batch) {
      seen += 1;
      tell(plain(received));
      await settle(receiver, received);
    }
  }
}

const client = new ServiceBusClient(connectionString, { retryOptions: { maxRetries: 1, retryDelayInMs: 100 } });
try {
  await (operation.startsWith('send') ? send(client) : receive(client));
} catch (error) {
  // What it has tried twice failed twice.
  const [first] = error.errors ?? [error];
  tell({ error: first.code ?? first.name, text: first.message });
}
await client.close();

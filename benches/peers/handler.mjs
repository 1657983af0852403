// A custom handler for Azure Functions on Microsoft's SDK for JavaScript, which does the work of twin-bridge.
//
// Usage: node handler.mjs per-invocation|buffered|grouped
//
// FUNCTIONS_CUSTOMHANDLER_PORT and EVENT_HUB mean what they mean for twin-bridge.

import { createServer } from 'node:http';
import { eventsOf, recordsOf } from './records.mjs';
import { senders } from './senders.mjs';

const ANSWER = JSON.stringify({ Outputs: {}, Logs: [], ReturnValue: null });

const send = senders[process.argv[2]](process.env.EVENT_HUB);

async function deliver(body, isForwarded) {
  const entries = [];
  const content = JSON.parse(body);
  for (const event of isForwarded ? content : eventsOf(content)) {
    const { traceparent } = event.data;
    for (const record of recordsOf(event)) entries.push({ record, traceparent });
  }
  await send(entries);
}

function answer(response, status, text) {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    if (request.method === 'GET') return answer(response, 200, '{}');
    // The webhook: Event Grid's own request, forwarded. Its body is the events, and its answer is empty.
    const isForwarded = request.url.startsWith('/api/events?');
    deliver(Buffer.concat(chunks).toString(), isForwarded).then(
      () => (isForwarded ? response.writeHead(200, { 'content-length': 0 }).end() : answer(response, 200, ANSWER)),
      (error) => {
        console.error(error);
        answer(response, 503, JSON.stringify({ title: String(error) }));
      },
    );
  });
}).listen(Number(process.env.FUNCTIONS_CUSTOMHANDLER_PORT), '127.0.0.1');

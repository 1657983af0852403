// An event hub of another make, to send to: on rhea, the AMQP library under Microsoft's JavaScript clients.
//
// Usage: node hub.mjs
//
// Prints its port, and then each event that comes, one JSON object a line. Takes any shared access signature. Ends when
// its standard input does.

import { load } from './load.mjs';

const rhea = load('rhea');

// The message format of a batch: each data section of the body is an event.
const BATCH = 0x80013700;

const PARTITIONS = ['0', '1'];

const hub = rhea.create_container({ id: 'hub' });
hub.sasl_server_mechanisms.enable_anonymous();

const tokens = new Set();

function reply(context, status, body) {
  const { message, connection } = context;
  const sender = connection.find_sender((link) => link.target?.address === message.reply_to);
  sender.send({
    to: message.reply_to,
    correlation_id: message.message_id,
    application_properties: { 'status-code': rhea.types.wrap_int(status), 'status-description': 'see the status' },
    body,
  });
}

function putToken(context) {
  const { operation, name, type } = context.message.application_properties;
  const good = operation === 'put-token' && type === 'servicebus.windows.net:sastoken';
  if (good && context.message.body.startsWith('SharedAccessSignature sr=')) tokens.add(new URL(name).pathname);
  reply(context, good ? 202 : 400);
}

function describe(context) {
  const { operation, name, type } = context.message.application_properties;
  const good = operation === 'READ' && type === 'com.microsoft:eventhub' && name === 'twins';
  reply(context, good ? 200 : 404, {
    name,
    type,
    created_at: rhea.types.wrap_timestamp(Date.now()),
    partition_count: rhea.types.wrap_int(PARTITIONS.length),
    partition_ids: rhea.types.wrap_array(PARTITIONS, 0xa1),
  });
}

function sections({ body }) {
  return body.multiple ? body.content : [body.content];
}

function take({ message, format }, partition) {
  // rhea hands over a message of a format that AMQP does not define as it came.
  const batch = format === BATCH ? sections(rhea.message.decode(message)) : [];
  const events = format === BATCH ? batch.map((event) => rhea.message.decode(event)) : [message];
  for (const event of events) {
    const line = {
      partition,
      partitionKey: event.message_annotations?.['x-opt-partition-key'],
      messageId: event.message_id,
      contentType: event.content_type,
      properties: event.application_properties ?? {},
      body: event.body.content.toString(),
    };
    console.log(JSON.stringify(line));
  }
}

hub.on('receiver_open', ({ receiver }) => receiver.set_target({ address: receiver.remote.attach.target.address }));
hub.on('sender_open', ({ sender }) => {
  sender.set_source({ address: sender.remote.attach.source.address });
  sender.set_target({ address: sender.remote.attach.target.address });
});
hub.on('message', (context) => {
  const path = context.receiver.target.address.replace(/^amqps?:\/\/[^/]*\//, '');
  const partition = /^twins\/Partitions\/(\d+)$/i.exec(path)?.[1];
  if (path === '$cbs') putToken(context);
  else if (path.endsWith('$management')) describe(context);
  else if (partition !== undefined && [...tokens].some((token) => `/${path}`.startsWith(token))) take(context, partition);
  else context.receiver.close({ condition: 'amqp:unauthorized-access', description: path });
});
for (const event of ['connection_error', 'session_error', 'receiver_error', 'sender_error', 'protocol_error']) {
  hub.on(event, (context) => console.error(event, context.error ?? context));
}
// Else a client that goes away would be an error.
hub.on('disconnected', () => {});

const server = hub.listen({ port: 0, host: '127.0.0.1', receiver_options: { max_message_size: 1048576 } });
server.on('listening', () => console.log(server.address().port));
process.stdin.resume().on('end', () => process.exit(0));

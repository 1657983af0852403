// Sends one event of a given size with rhea, the AMQP library below Microsoft's JavaScript client, which sends whatever
// it is told to however small the limit of the link. Prints what came of it: the error condition of the link or the
// outcome of the transfer.
//
// Usage: node send_too_much.mjs CONNECTION_STRING BYTES

import { load } from './load.mjs';

const rhea = load('rhea');

const settings = new Map(process.argv[2].split(';').map((pair) => pair.split(/=(.*)/s)));
const { hostname, port } = new URL(settings.get('Endpoint').replace('sb:', 'http:'));
const hub = settings.get('EntityPath');
const body = rhea.message.data_section(Buffer.alloc(Number(process.argv[3]), 'x'));

const connection = rhea.create_container().connect({ host: hostname, port, reconnect: false, username: 'anonymous' });
const tell = (outcome) => {
  console.log(outcome);
  connection.close();
};

const tokens = connection.open_sender('$cbs');
const answers = connection.open_receiver({ source: '$cbs', target: 'answers' });
answers.on('message', ({ message }) => {
  if (message.application_properties['status-code'] !== 202) return tell(message.application_properties);
  const events = connection.open_sender(hub);
  events.once('sendable', () => events.send({ body }));
  events.on('sender_error', () => tell(events.error.condition));
  for (const outcome of ['accepted', 'rejected', 'released', 'modified']) events.on(outcome, () => tell(outcome));
});
// Opened after the sender. Before it is, an answer has nowhere to go.
answers.once('receiver_open', () => {
  tokens.send({
    message_id: 1,
    reply_to: 'answers',
    application_properties: { operation: 'put-token', type: 'jwt', name: `amqps://${hostname}/${hub}` },
    body: 'any',
  });
});

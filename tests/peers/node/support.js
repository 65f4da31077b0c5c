'use strict';

// What the tests with the official SDKs share; run.js says where things are.

const { once } = require('node:events');
const { createServer } = require('node:http');
const { createRequire } = require('node:module');
const { join } = require('node:path');

const { Emulator } = require('../../emulator.js');
const { SECRET } = require('../../node/secrets.js');

const service = new Emulator(JSON.parse(process.env.EMULATOR));
/** The emulator's addresses. */
const emulator = service.addresses;
/** `require` as a program has it in whose node_modules the SDKs are. */
const peer = createRequire(join(process.env.PEERS, 'program.js'));
/** Whether this package is what the SDKs' own `require('@alicloud/credentials')` gets. */
const inItsPlace = Boolean(peer('./package.json').overrides);
/** This package, by the name that a program knows it by. */
const name = inItsPlace ? '@alicloud/credentials' : '../../../node';
const ours = inItsPlace ? peer : require;
const Credential = ours(name);
const adapters = ours(`${name}/adapters${inItsPlace ? '' : '.js'}`);

const KEY = { id: 'LTAIpeer', secret: SECRET, account: '1000000000000001', user: 'alice' };
const ROLE = 'acs:ram::1000000000000001:role/peer';

/** Forgets everything that was; only `KEY` exists. */
function reset() {
  return service.reset({ access_keys: [KEY] });
}

/** The requests to `action` so far, oldest first. */
function requests(action) {
  return service.requests(action);
}

/** A client whose credential is a role's, issued by the emulator. */
function roleClient() {
  return new Credential({
    type: 'ram_role_arn',
    accessKeyId: KEY.id,
    accessKeySecret: KEY.secret,
    roleArn: ROLE,
    roleSessionName: 'peer',
    stsEndpoint: emulator.sts_http,
  });
}

/**
 * A service on loopback that writes down what it is asked: `{ host, requests, answer, close }`. `answer` is what it
 * answers with: a body and its type.
 */
async function record(answer = ['{}', 'application/json']) {
  const recorder = {
    requests: [],
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    request.resume();
    await once(request, 'end');
    recorder.requests.push({ method, url, headers });
    response.writeHead(200, { 'Content-Type': answer[1] }).end(answer[0]);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  recorder.host = `127.0.0.1:${server.address().port}`;
  return recorder;
}

module.exports = { Credential, KEY, ROLE, adapters, emulator, inItsPlace, peer, record, requests, reset, roleClient };

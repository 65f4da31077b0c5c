'use strict';

// A thousand promises at once, for a credential that was rejected, and for one that has expired. run.py counts the
// requests at every word.

const { setTimeout: pause } = require('node:timers/promises');
const { awaitWord, clientOf, say } = require('./common.js');

const client = clientOf('waves');

async function wave(word) {
  const models = await Promise.all(Array.from({ length: 1000 }, () => client.getCredential()));
  if (new Set(models).size !== 1) throw new Error('they have got different ones');
  say(word);
  await awaitWord();
}

async function main() {
  await client.getCredential();
  client.invalidate();
  await wave('refused');
  client.invalidate();
  // run.py lets the service issue a credential that lasts a second; it expires only with time.
  const { expiration } = await client.getCredential();
  while (Date.now() <= expiration) await pause(10);
  say('outlived');
  await awaitWord();
  await wave('expired');
  process.exit(0);
}

main();

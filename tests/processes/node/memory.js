'use strict';

// Asks for a role on the profile's session, and lets go of everything.

const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const Credential = require('../../../node');
const { awaitWord, say } = require('./common.js');

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

async function hold() {
  const client = new Credential();
  await client.getCredential();
  say('held');
  await awaitWord();
}

async function main() {
  await hold();
  // What is native is freed by the event loop, some turns later.
  for (let turn = 0; turn < 10; turn++) {
    collect();
    await new Promise(setImmediate);
  }
  say('freed');
  await awaitWord();
  process.exit(0);
}

main();

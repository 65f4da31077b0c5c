'use strict';

// Asks for a role on the profile's session, and lets go of everything.

const Credential = require('../../../node');
const { collect } = require('../../node/collect.js');
const { awaitWord, say } = require('./common.js');

async function hold() {
  const client = new Credential();
  await client.getCredential();
  say('held');
  await awaitWord();
}

async function main() {
  await hold();
  await collect();
  say('freed');
  await awaitWord();
  process.exit(0);
}

main();

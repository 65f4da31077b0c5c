'use strict';

// Asks the default chain while run.py replaces the configuration file, until it gets the last key. The ID and the secret
// of a key are equal, so that a mix of two files would show.

const { setImmediate: turn } = require('node:timers/promises');
const Credential = require('../../../node');
const { say } = require('./common.js');

const client = new Credential();

async function ask() {
  const { accessKeyId, accessKeySecret } = await client.getCredential();
  if (accessKeyId !== accessKeySecret) throw new Error('a mix of two files');
  return accessKeyId;
}

async function main() {
  await ask();
  say('asking');
  while ((await ask()) !== 'LTAIlast') await turn();
  say('rotated');
  process.exit(0);
}

main();

'use strict';

const { createInterface } = require('node:readline');
const Credential = require('../../../node');

/** A client of a role from the STS in the environment. */
function clientOf(role) {
  return new Credential({
    type: 'ram_role_arn',
    accessKeyId: 'LTAIEmulatorUser',
    accessKeySecret: 'EmulatorUserSecret',
    roleArn: `acs:ram::1000000000000001:role/${role}`,
  });
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

function say(word) {
  process.stdout.write(`${word}\n`);
}

/** Waits until run.py says that the program may go on. */
async function awaitWord() {
  if ((await lines.next()).done) throw new Error('nobody is there');
}

module.exports = { awaitWord, clientOf, say };

'use strict';

// The library panics: an error without the panic's message, and all is well afterwards.

const { clientOf, say } = require('./common.js');

async function main() {
  const client = clientOf('panics');
  process.env.ALIYUN_CRED_INJECT_PANIC = '1';
  await client.getCredential().catch((error) => say(`${error.code}: ${error.message}`));
  delete process.env.ALIYUN_CRED_INJECT_PANIC;
  await client.getCredential();
  // What was warned of is written in a later turn.
  setImmediate(() => process.exit(0));
}

main();

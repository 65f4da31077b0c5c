'use strict';

// Gets the session of the role that is named, and says its AccessKey ID.

const { awaitWord, clientOf, say } = require('./common.js');

async function main() {
  const client = clientOf(process.argv[2]);
  await awaitWord();
  say((await client.getCredential()).accessKeyId);
  process.exit(0);
}

main();

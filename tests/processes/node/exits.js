'use strict';

// exits.js WAY [wait]: the process exits while a refresh runs and a promise waits for it.

const { awaitWord, clientOf } = require('./common.js');

const [way, wait] = process.argv.slice(2);

async function main() {
  clientOf('exits')
    .getCredential()
    .then(() => process.exit(9));
  if (wait) await awaitWord();
  if (way === 'exit') process.exit(3);
  setImmediate(() => {
    throw new Error('meant');
  });
}

main();

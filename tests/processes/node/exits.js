'use strict';

// exits.js WAY [wait]: the process ends while a refresh runs, for which a promise waits.

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

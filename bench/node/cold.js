'use strict';

// Many promises at once, and nothing cached: `cold.js official|ours <folder> role|metadata <promises>`. Reports how
// long all of them took; the one who started this asks the service for the number of requests.

const library = require('./library.js');

async function main() {
  const [source, count] = process.argv.slice(4);
  const client = library[source]();
  const begin = performance.now();
  const calls = Array.from({ length: Number(count) }, () => client.getCredential());
  const outcomes = await Promise.allSettled(calls);
  const took = performance.now() - begin;
  const failed = outcomes.filter(({ value }) => !value?.securityToken).length;
  library.report({ took, failed });
  process.exit();
}

main();

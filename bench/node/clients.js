'use strict';

// What many default-chain clients cost, each used once. `clients.js official|ours <folder> <clients>`, with --expose-gc.

const { chain, report } = require('./library.js');

async function many(count) {
  const clients = [];
  for (let i = 0; i < count; i += 1) {
    const client = chain();
    const found = await client.getCredential();
    if (!found.providerName.startsWith('default/cli_profile')) throw new Error(found.providerName);
    clients.push(client);
  }
  return clients;
}

async function settled() {
  // Finalizers run between turns.
  for (let i = 0; i < 5; i += 1) {
    global.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage.rss() / 1024;
}

async function main() {
  const count = Number(process.argv[4]);
  // The heap grows in steps: what the first ones need is not theirs alone.
  await many(100);
  const before = await settled();
  const clients = await many(count);
  const after = await settled();
  report({ kb_each: (after - before) / clients.length });
  process.exit();
}

main();

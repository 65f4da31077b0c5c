'use strict';

// Nanoseconds per cached call, by source, and of an empty async function beside them.
// calls.js official|ours <folder> <samples> all|env

const { chain, fixed, report, role } = require('./library.js');

const samples = Number(process.argv[4]);
const MS = 30;

const floor = {
  model: { accessKeyId: 'i', accessKeySecret: 's', securityToken: 't' },
  async getCredential() {
    return this.model;
  },
};

let sink = 0;

async function turns(client, n) {
  const begin = process.hrtime.bigint();
  for (let i = 0; i < n; i += 1) {
    const found = await client.getCredential();
    // Read, or the engine would leave it out.
    if (found.accessKeyId !== '' && found.accessKeySecret !== '' && found.securityToken !== '') sink += 1;
  }
  return Number(process.hrtime.bigint() - begin);
}

/** Nanoseconds of a call each. The samples take turns, so that a neighbour on the machine disturbs all. */
async function medians(clients) {
  const all = [];
  for (const [name, client] of Object.entries(clients)) {
    let n = 1000;
    let took;
    // Until it is long enough for the clock, and optimised.
    while ((took = await turns(client, n)) < (MS / 2) * 1e6) n *= 2;
    all.push({ name, client, n: Math.ceil((n * MS * 1e6) / took), times: [] });
  }
  for (let i = 0; i < samples; i += 1) {
    for (const one of all) {
      one.times.push((await turns(one.client, one.n)) / one.n);
      // As a program that does something else, too: timers and finalizers get their turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return Object.fromEntries(all.map(({ name, times }) => [name, times.sort((a, b) => a - b)[samples >> 1]]));
}

async function main() {
  const clients =
    process.argv[5] === 'env' ? { env: chain() } : { floor, static: fixed(), chain: chain(), role: role() };
  const times = await medians(clients);
  if (clients.chain) {
    const found = await clients.chain.getCredential();
    if (!found.providerName.startsWith('default/cli_profile')) throw new Error(found.providerName);
  }
  report(times);
  if (sink === 0) throw new Error('nothing was read');
}

main();

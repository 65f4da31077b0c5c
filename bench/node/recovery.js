'use strict';

// The metadata service answers 503 to the first call of a default chain, and is well afterwards: which call works?
// recovery.js official|ours <folder>

const { Emulator } = require('../../tests/emulator.js');
const { chain, report } = require('./library.js');

const WAIT_MS = 500;

async function main() {
  const client = chain();
  const worked = async () => {
    try {
      return Boolean((await client.getCredential()).securityToken);
    } catch {
      return false;
    }
  };
  if (await worked()) throw new Error('the first call was to fail');
  await new Emulator({ control: process.env.BENCH_CONTROL }).patch({ faults: [] });
  for (let call = 2; call <= 10; call += 1) {
    if (await worked()) return report({ call });
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
  return report({ call: null });
}

main().then(() => process.exit());

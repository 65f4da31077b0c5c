'use strict';

// Runs every test of this folder, one file after the other, against one emulator: `node run.js <modules>...`. Each
// `<modules>` is a folder whose node_modules has the official SDKs; all tests run with each of them.

const { spawnSync } = require('node:child_process');
const { mkdtempSync, readdirSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join, resolve } = require('node:path');

const { Emulator } = require('../../emulator.js');

async function main(folders) {
  const scratch = mkdtempSync(join(tmpdir(), 'aliyun-cred-'));
  const emulator = await Emulator.start(scratch);
  let failed = folders.length === 0;
  try {
    const files = readdirSync(__dirname).filter((name) => name.endsWith('.test.js'));
    for (const folder of folders) {
      for (const file of files) {
        const env = {
          PATH: process.env.PATH,
          HOME: scratch,
          EMULATOR: JSON.stringify(emulator.addresses),
          PEERS: resolve(folder),
          // The SDKs go through no proxy, and take the authority to trust from here, when the process starts.
          NODE_EXTRA_CA_CERTS: emulator.addresses.ca,
          // On a real instance, too, no test may ask its metadata service.
          ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true',
        };
        const { status } = spawnSync(process.execPath, ['--test', join(__dirname, file)], { env, stdio: 'inherit' });
        failed ||= status !== 0;
      }
    }
  } finally {
    await emulator.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
  process.exitCode = failed ? 1 : 0;
}

main(process.argv.slice(2));

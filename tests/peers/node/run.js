'use strict';

// Runs every test of this folder, one file after the other, against one emulator: `node run.js <modules>...`. Each
// `<modules>` is a folder whose node_modules has the official SDKs; all tests run with each of them.

const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const { mkdtempSync, readdirSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join, resolve } = require('node:path');
const readline = require('node:readline');

const ROOT = resolve(__dirname, '..', '..', '..');
const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target');

async function main(folders) {
  const scratch = mkdtempSync(join(tmpdir(), 'aliyun-cred-'));
  const program = join(TARGET, 'debug', 'aliyun-cred-emulator');
  const emulator = spawn(program, ['--ca', join(scratch, 'ca.pem')], { stdio: ['pipe', 'pipe', 'inherit'] });
  let failed = folders.length === 0;
  try {
    const [addresses] = await once(readline.createInterface(emulator.stdout), 'line');
    const files = readdirSync(__dirname).filter((name) => name.endsWith('.test.js'));
    for (const folder of folders) {
      for (const file of files) {
        const env = {
          PATH: process.env.PATH,
          HOME: scratch,
          EMULATOR: addresses,
          PEERS: resolve(folder),
          // The SDKs go through no proxy, and take the authority to trust from here, when the process starts.
          NODE_EXTRA_CA_CERTS: JSON.parse(addresses).ca,
          // On a real instance, too, no test may ask its metadata service.
          ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true',
        };
        const { status } = spawnSync(process.execPath, ['--test', join(__dirname, file)], { env, stdio: 'inherit' });
        failed ||= status !== 0;
      }
    }
  } finally {
    emulator.stdin.end();
    if (emulator.exitCode === null) await once(emulator, 'exit');
    rmSync(scratch, { recursive: true, force: true });
  }
  process.exitCode = failed ? 1 : 0;
}

main(process.argv.slice(2));

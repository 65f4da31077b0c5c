'use strict';

// In a file, and so in a process, of its own: each source warns once in the life of a process, and the clients of other
// tests may refresh theirs in the background when their service has gone.

const assert = require('node:assert/strict');
const { chmodSync, mkdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { test } = require('node:test');
const { setTimeout: pause } = require('node:timers/promises');
const { CANARY, SECRET } = require('./secrets.js');
const { folder, later, roleAt, withEnvironment } = require('./support.js');
const { serve } = require('./sts.js');
const Credential = require('../../node');

test('a refresh that fails warns once, and withholds nothing', async () => {
  // Good for long enough to see two attempts fail, the second of which comes within a second of the first.
  const sts = await serve({ lifetime: 8 });
  const warnings = [];
  const warned = later();
  const listener = (warning) => {
    warnings.push(warning);
    warned.resolve();
  };
  process.on('warning', listener);
  const client = new Credential(roleAt(sts.port));
  const { accessKeyId } = await client.getCredential();
  sts.refusal = [500, { Code: 'InternalError', Message: SECRET, RequestId: 'R' }];
  while (sts.requests < 3) {
    assert.equal((await client.getCredential()).accessKeyId, accessKeyId);
    await pause(5);
  }
  await client.getCredential();
  await warned.promise;
  process.off('warning', listener);
  assert.deepEqual(
    warnings.map(({ name }) => name),
    ['AliyunCredWarning'],
  );
  assert.match(warnings[0].message, /stays in use/);
  assert.ok(!warnings[0].message.includes(CANARY), 'a secret shows');
  await sts.close();
});

test('a file that all users can read warns once', async () => {
  const scratch = folder();
  const warnings = [];
  const listener = ({ message }) => warnings.push(message);
  process.on('warning', listener);
  const profile = { name: 'p', mode: 'AK', access_key_id: 'i', access_key_secret: SECRET };
  for (const [home, mode] of [
    ['closed', 0o600],
    ['open', 0o644],
    ['open', 0o644],
  ]) {
    const HOME = join(scratch, home);
    mkdirSync(join(HOME, '.aliyun'), { recursive: true });
    const file = join(HOME, '.aliyun', 'config.json');
    writeFileSync(file, JSON.stringify({ current: 'p', profiles: [profile] }));
    chmodSync(file, mode);
    await withEnvironment({ HOME }, async () => {
      const provider = Credential.CLIProfileCredentialsProvider.builder().build();
      assert.equal((await provider.getCredentials()).accessKeySecret, SECRET);
    });
    // Warnings come in a turn of their own.
    await pause(0);
  }
  process.off('warning', listener);
  assert.deepEqual(
    warnings.map((text) => text.startsWith(`the mode of ${join(scratch, 'open', '.aliyun')}`)),
    [true],
  );
});

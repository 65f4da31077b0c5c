'use strict';

// How users' own tests replace the package, or parts of it.

const assert = require('node:assert/strict');
const { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { test } = require('node:test');
const { MODULES, PACKAGE, folder, run } = require('./support.js');
const Credential = require('../../node');

test('methods of the prototype and of a client can be replaced', async (t) => {
  const client = new Credential({ type: 'access_key', accessKeyId: 'i', accessKeySecret: 's' });
  t.mock.method(Credential.prototype, 'getCredential', async () => ({ accessKeyId: 'fake' }));
  assert.equal((await client.getCredential()).accessKeyId, 'fake');
  assert.equal(await client.getAccessKeyId(), 'fake');
  t.mock.restoreAll();
  assert.equal(await client.getAccessKeyId(), 'i');
  t.mock.method(client, 'getCredential', async () => ({ accessKeyId: 'own' }));
  assert.equal(await client.getAccessKeyId(), 'own');
});

test('classes can be replaced', (t) => {
  class Fake {}
  const { StaticAKCredentialsProvider: original } = Credential;
  for (const name of ['Config', 'StaticAKCredentialsProvider', 'DefaultCredentialsProvider', 'default']) {
    const before = Object.getOwnPropertyDescriptor(Credential, name);
    Object.defineProperty(Credential, name, { value: Fake, configurable: true, writable: true, enumerable: true });
    assert.equal(require('../../node')[name], Fake);
    Object.defineProperty(Credential, name, before);
  }
  assert.equal(Credential.StaticAKCredentialsProvider, original);
});

test('a client works with the clock and the timers standing still', async (t) => {
  for (const name of ['setTimeout', 'setInterval', 'setImmediate']) t.mock.method(globalThis, name, () => ({}));
  t.mock.method(Date, 'now', () => 0);
  t.mock.method(process, 'hrtime', () => [0, 0]);
  const get = async () => ({ accessKeyId: 'i', accessKeySecret: 's' });
  const provider = { getCredentials: get, getProviderName: () => 'mine' };
  assert.equal(await new Credential(null, provider).getAccessKeyId(), 'i');
});

/** As npm installs it; but for the library, which is large. */
function install(into) {
  cpSync(PACKAGE, into, { recursive: true, filter: (source) => !source.endsWith('.node') });
  for (const name of readdirSync(PACKAGE)) {
    if (name.endsWith('.node')) symlinkSync(join(PACKAGE, name), join(into, name));
  }
}

// vitest leaves the modules of an installed package to Node, and runs those of a linked one itself.
for (const [how, place] of [
  ['installed', install],
  ['linked', (into) => symlinkSync(PACKAGE, into, 'dir')],
]) {
  test(`vitest, ${how}: a module in place of ours, one made of ours, and a spy`, () => vitest(place));
}

async function vitest(place) {
  const project = folder();
  mkdirSync(join(project, 'node_modules'));
  place(join(project, 'node_modules', 'aliyun-cred'));
  for (const name of ['vitest', 'vite']) symlinkSync(join(MODULES, name), join(project, 'node_modules', name), 'dir');
  const files = {
    'mine.js': `import Credential, { Config } from 'aliyun-cred';
      export const ask = () => new Credential(new Config({ type: 'bearer', bearerToken: 't' })).getCredential();`,
    'replaced.test.js': `import { expect, test, vi } from 'vitest';
      import { ask } from './mine.js';
      vi.mock('aliyun-cred', () => ({
        default: class { async getCredential() { return { accessKeyId: 'fake' }; } },
        Config: class {},
      }));
      test('replaced', async () => expect((await ask()).accessKeyId).toBe('fake'));`,
    'automatic.test.js': `import { expect, test, vi } from 'vitest';
      import Credential, { StaticAKCredentialsProvider } from 'aliyun-cred';
      import { ask } from './mine.js';
      vi.mock('aliyun-cred');
      test('automatic', async () => {
        vi.mocked(Credential.prototype.getCredential).mockResolvedValue({ accessKeyId: 'fake' });
        expect((await ask()).accessKeyId).toBe('fake');
        expect(vi.isMockFunction(StaticAKCredentialsProvider.builder)).toBe(true);
      });`,
    'partial.test.js': `import { expect, test, vi } from 'vitest';
      import { ask } from './mine.js';
      vi.mock('aliyun-cred', async (load) => ({ ...(await load()), Config: class { type = 'sts'; accessKeyId = 'a';
        accessKeySecret = 'b'; securityToken = 'c'; } }));
      test('partial', async () => expect((await ask()).securityToken).toBe('c'));`,
    'spy.test.js': `import { expect, test, vi } from 'vitest';
      import Credential from 'aliyun-cred';
      import { ask } from './mine.js';
      test('spy', async () => {
        const spy = vi.spyOn(Credential.prototype, 'getCredential').mockResolvedValueOnce({ accessKeyId: 'fake' });
        expect((await ask()).accessKeyId).toBe('fake');
        expect((await ask()).bearerToken).toBe('t');
        expect(spy).toHaveBeenCalledTimes(2);
      });`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
  const args = [
    join(MODULES, 'vitest', 'vitest.mjs'),
    'run',
    '--root',
    project,
    '--reporter',
    'json',
    '--no-file-parallelism',
  ];
  const { code, stdout, stderr } = await run(process.execPath, args, { cwd: project });
  assert.equal(code, 0, stdout + stderr);
  assert.equal(JSON.parse(stdout).numPassedTests, 4);
}

'use strict';

// The status of a client, and its events.

const assert = require('node:assert/strict');
const diagnostics = require('node:diagnostics_channel');
const { once } = require('node:events');
const { createServer } = require('node:http');
const { mkdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { after, before, beforeEach, test } = require('node:test');
const { setTimeout: pause } = require('node:timers/promises');
const { inspect } = require('node:util');
const { CANARY, SECRET, TOKEN } = require('./secrets.js');
const { PACKAGE, REFUSAL, folder, providerOf, roleAt, roleWith } = require('./support.js');
const { run, runNode, withEnvironment } = require('./support.js');
const { serve } = require('./sts.js');
const native = require('../../node/native.js');
const Credential = require('../../node');

let sts;
before(async () => {
  sts = await serve();
});
beforeEach(() => {
  sts.requests = 0;
  sts.refusal = undefined;
});
after(() => sts.close());

const CHANNEL = 'aliyun-cred:event';
const KINDS = ['refreshed', 'refresh_failed', 'serving_expired', 'source_changed'];

/** Collects all events of a client: `heard`, and `until(count)`, which resolves when there are so many. */
function listenTo(client) {
  const heard = [];
  let check = () => {};
  for (const kind of KINDS) {
    client.on(kind, (event) => {
      heard.push(event);
      check();
    });
  }
  const until = (count) =>
    new Promise((resolve) => {
      check = () => heard.length >= count && resolve(heard);
      check();
    });
  return { heard, until };
}

const kindsOf = (events) => events.map(({ kind }) => kind);

test('a status before the first call, after it, and after a failure', async () => {
  const client = new Credential(roleAt(sts.port));
  const nothing = {
    type: 'ram_role_arn',
    hasCredentials: false,
    providerName: null,
    expiration: null,
    age: null,
    refreshIn: null,
    isPastExpiration: false,
    lastRefresh: null,
    failures: 0,
    lastError: null,
    clockOffset: 0,
  };
  assert.deepEqual(client.status(), nothing);
  assert.equal(sts.requests, 0);

  sts.refusal = REFUSAL;
  const thrown = await client.getCredential().catch((error) => error);
  const failed = client.status();
  assert.ok(failed.lastError instanceof Error);
  const { message, ...details } = failed.lastError;
  assert.deepEqual([failed.lastError.message, { ...details }], [thrown.message, { ...thrown }]);
  assert.equal(failed.lastError.code, 'ERR_ALIYUN_CRED_DENIED');
  assert.deepEqual([failed.hasCredentials, failed.failures, failed.lastRefresh.succeeded], [false, 1, false]);
  assert.ok(!inspect(failed, { depth: null, showHidden: true }).includes(CANARY), 'a secret shows');

  sts.refusal = undefined;
  const begun = Date.now();
  const model = await client.getCredential();
  const status = client.status();
  assert.deepEqual([status.hasCredentials, status.providerName], [true, 'ram_role_arn/static_ak']);
  assert.equal(status.expiration, model.expiration.getTime());
  assert.ok(status.age >= 0 && status.refreshIn > 0 && status.refreshIn < 3_600_000);
  assert.ok(status.lastRefresh.at >= begun - 1 && status.lastRefresh.at <= Date.now());
  assert.ok(status.lastRefresh.succeeded && status.lastRefresh.took >= 0);
  assert.deepEqual([status.failures, status.lastError, status.isPastExpiration], [0, null, false]);
  assert.deepEqual(Object.keys(status).sort(), Object.keys(nothing).sort());
  client.invalidate();
  assert.equal(client.status().hasCredentials, false);
  assert.equal(sts.requests, 2);
});

test('the status of what is fixed, and of a custom provider', async () => {
  const fixed = new Credential({ type: 'access_key', accessKeyId: 'i', accessKeySecret: SECRET }).status();
  assert.deepEqual([fixed.hasCredentials, fixed.providerName, fixed.refreshIn], [true, 'static_ak', null]);

  const cause = new Error('sealed');
  const failing = providerOf(() => Promise.reject(cause));
  const custom = new Credential(null, failing);
  await assert.rejects(custom.getCredential());
  const status = custom.status();
  assert.equal(status.type, 'mine');
  for (const [name, value] of Object.entries(status)) {
    if (name !== 'type') assert.ok([false, null, 0].includes(value), name);
  }

  const client = new Credential(null, roleWith(failing, sts.port));
  const events = listenTo(client);
  await assert.rejects(client.getCredential(), { cause });
  assert.equal(client.status().lastError.cause, cause);
  const [event] = await events.until(1);
  assert.deepEqual([event.kind, event.error.cause], ['refresh_failed', cause]);
});

test('events in order: fetched, fetched again, failed', async () => {
  const client = new Credential(roleAt(sts.port));
  const events = listenTo(client);
  const begun = Date.now();
  const model = await client.getCredential();
  client.invalidate();
  await client.getCredential();
  client.invalidate();
  sts.refusal = REFUSAL;
  const thrown = await client.getCredential().catch((error) => error);
  const [first, second, failed] = await events.until(3);
  assert.deepEqual(kindsOf(events.heard), ['refreshed', 'refreshed', 'refresh_failed']);

  const { at, took, ...rest } = first;
  assert.ok(at >= begun - 1 && at <= Date.now() && took >= 0);
  assert.deepEqual(rest, {
    kind: 'refreshed',
    providerName: 'ram_role_arn/static_ak',
    previousProviderName: null,
    expiration: model.expiration.getTime(),
    error: null,
    failures: 0,
    dropped: 0,
  });
  assert.ok(Object.isFrozen(first) && first.at <= second.at && second.at <= failed.at);
  assert.ok(failed.error instanceof Error);
  assert.deepEqual([failed.error.code, failed.error.message], [thrown.code, thrown.message]);
  assert.deepEqual(
    [failed.error.serviceCode, failed.error.requestId, failed.error.statusCode],
    ['NoPermission', 'R-403', 403],
  );
  assert.deepEqual([failed.failures, failed.providerName, failed.expiration], [1, null, null]);
  assert.ok(!inspect(events.heard, { depth: null, showHidden: true }).includes(CANARY), 'a secret shows');
});

test('a chain whose source changes', async () => {
  const home = folder();
  mkdirSync(join(home, '.aliyun'));
  const file = join(home, '.aliyun', 'config.json');
  const write = (profile) => {
    const key = { access_key_id: 'LTAIprofile', access_key_secret: SECRET };
    writeFileSync(file, JSON.stringify({ current: 'default', profiles: [{ name: 'default', ...key, ...profile }] }));
  };
  const events = await withEnvironment({ HOME: home }, async () => {
    const client = new Credential();
    const listening = listenTo(client);
    write({ mode: 'AK' });
    await client.getCredential();
    write({ mode: 'StsToken', sts_token: TOKEN });
    client.invalidate();
    await client.getCredential();
    await listening.until(3);
    return listening;
  });
  assert.deepEqual(
    events.heard.map(({ kind, providerName, previousProviderName }) => [kind, providerName, previousProviderName]),
    [
      ['refreshed', 'default/cli_profile/static_ak', null],
      ['refreshed', 'default/cli_profile/static_sts', null],
      ['source_changed', 'default/cli_profile/static_sts', 'default/cli_profile/static_ak'],
    ],
  );
});

test('an instance whose metadata service is down past the end of its credential', async () => {
  const expiration = new Date(Date.now() + 2000).toISOString().replace(/\.\d+Z$/, 'Z');
  let isDown = false;
  const server = createServer((request, response) => {
    request.resume();
    if (isDown) return response.writeHead(500).end('{}');
    if (request.method === 'PUT') return response.end('token');
    const credential = { AccessKeyId: 'STS.1', AccessKeySecret: SECRET, SecurityToken: SECRET, Expiration: expiration };
    return response.end(JSON.stringify({ Code: 'Success', ...credential }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const variables = {
    ALIBABA_CLOUD_ECS_METADATA_DISABLED: undefined,
    ALIBABA_CLOUD_ECS_METADATA_ENDPOINT: `http://127.0.0.1:${server.address().port}`,
  };
  await withEnvironment(variables, async () => {
    const client = new Credential({ type: 'ecs_ram_role', roleName: 'app', asyncCredentialUpdateEnabled: false });
    const events = listenTo(client);
    await client.getCredential();
    isDown = true;
    while (!client.status().isPastExpiration) await pause(5);
    assert.equal((await client.getCredential()).accessKeyId, 'STS.1');
    const [, failed, serving] = await events.until(3);
    assert.deepEqual(kindsOf(events.heard), ['refreshed', 'refresh_failed', 'serving_expired']);
    assert.deepEqual([serving.expiration, serving.failures], [Date.parse(expiration), 1]);
    assert.equal(serving.error.message, failed.error.message);
    assert.ok(client.status().hasCredentials);
  });
  server.closeAllConnections();
  server.close();
});

test('listeners are added and removed as those of any emitter', async () => {
  const client = new Credential(roleAt(sts.port));
  const calls = [];
  const [one, two, three] = [1, 2, 3].map((number) => () => void calls.push(number));
  assert.equal(client.on('refreshed', one), client);
  assert.equal(client.once('refreshed', two), client);
  assert.equal(client.addListener('refreshed', three).off('refreshed', three), client);
  assert.equal(client.removeListener('refreshed', () => {}).off('never', one), client);
  for (const method of ['on', 'once', 'addListener']) assert.throws(() => client[method]('refreshed', 'x'), TypeError);
  const events = listenTo(client);
  for (let round = 1; round <= 2; round += 1) {
    client.invalidate();
    await client.getCredential();
    await events.until(round);
  }
  assert.deepEqual(calls, [1, 2, 1]);
  assert.deepEqual(Object.keys(client), []);
  assert.equal(new Credential().off('refreshed', one).getType(), 'default');

  const next = once(client, 'refreshed');
  client.invalidate();
  await client.getCredential();
  const [event] = await next;
  assert.equal(event.kind, 'refreshed');
});

test('a listener that throws or rejects stops no other, and causes a warning', async () => {
  const client = new Credential(roleAt(sts.port));
  const warnings = [];
  const warned = new Promise((resolve) => {
    process.on('warning', function listen(warning) {
      // Another test's client may warn here.
      if (!warning.message.startsWith('a listener')) return;
      warnings.push(warning);
      if (warnings.length < 3) return;
      process.off('warning', listen);
      resolve();
    });
  });
  const calls = [];
  client.on('refreshed', () => {
    throw new TypeError('on\npurpose');
  });
  client.once('refreshed', async () => {
    throw new Error('later');
  });
  client.on('refreshed', () => Promise.reject());
  client.on('refreshed', ({ kind }) => void calls.push(kind));
  await client.getCredential();
  await warned;
  assert.deepEqual(calls, ['refreshed']);
  assert.deepEqual(
    warnings.map(({ name, message }) => [name, message]),
    ['failed: on purpose', 'failed: later', 'threw something that is no Error'].map((what) => [
      'AliyunCredWarning',
      `a listener for 'refreshed' ${what}`,
    ]),
  );
});

test('clients that share a provider have their own listeners', async () => {
  const { accessKeyId, accessKeySecret } = roleAt(sts.port);
  const pair = Credential.StaticAKCredentialsProvider.builder()
    .withAccessKeyId(accessKeyId)
    .withAccessKeySecret(accessKeySecret)
    .build();
  const provider = roleWith(pair, sts.port);
  const [one, other, silent] = [0, 1, 2].map(() => new Credential(null, provider));
  const calls = [];
  const listener = () => void calls.push('one');
  one.on('refreshed', listener);
  const events = listenTo(other);
  silent.once('refreshed', () => {}).off('refreshed', () => {});
  await silent.getCredential();
  await events.until(1);
  assert.deepEqual(calls, ['one']);
  one.off('refreshed', listener);
  provider.invalidate();
  await provider.getCredentials();
  await events.until(2);
  assert.deepEqual([calls, kindsOf(events.heard)], [['one'], ['refreshed', 'refreshed']]);
});

test('the native library is listened to only while somebody does', async (t) => {
  const [listen, unlisten] = ['listen', 'unlisten'].map((name) => t.mock.method(native, name).mock);
  const counts = () => [listen.callCount(), unlisten.callCount()];
  const client = new Credential(roleAt(sts.port));
  const refresh = async () => {
    client.invalidate();
    return client.getCredential();
  };
  await refresh();
  client.off('refreshed', () => {});
  assert.deepEqual(counts(), [0, 0]);
  const listener = () => {};
  client.on('refreshed', listener).on('refresh_failed', listener);
  client.off('refreshed', listener);
  assert.deepEqual(counts(), [1, 0]);
  client.off('refresh_failed', listener);
  assert.deepEqual(counts(), [1, 1]);
  const heard = once(client, 'refreshed');
  await refresh();
  await heard;
  assert.deepEqual(counts(), [2, 2]);

  // A client that is asked while the channel has subscribers, until an event comes after the last has gone.
  const messages = [];
  const subscriber = (message, name) => void messages.push({ ...message, name });
  diagnostics.subscribe(CHANNEL, subscriber);
  assert.deepEqual(counts(), [2, 2]);
  const again = new Promise((resolve) => client.once('refreshed', resolve));
  await refresh();
  const event = await again;
  await new Promise(setImmediate);
  assert.deepEqual(messages, [{ credential: client, event, name: CHANNEL }]);
  assert.deepEqual(counts(), [3, 2]);
  diagnostics.unsubscribe(CHANNEL, subscriber);
  const last = new Promise((resolve) => client.once('refreshed', resolve));
  await refresh();
  await last;
  await new Promise(setImmediate);
  assert.deepEqual(counts(), [3, 3]);
  assert.equal(messages.length, 1);
});

test('the channel publishes what clients without listeners do, blocking ones and providers, too', async () => {
  const messages = [];
  let check = () => {};
  const subscriber = (message) => {
    messages.push(message);
    check();
  };
  const until = (count) =>
    new Promise((resolve) => {
      check = () => messages.length >= count && resolve();
      check();
    });
  diagnostics.subscribe(CHANNEL, subscriber);
  try {
    const client = new Credential(roleAt(sts.port));
    await client.getCredential();
    await until(1);
    assert.equal(messages[0].credential, client);
    assert.equal(messages[0].event.kind, 'refreshed');
    const provider = Credential.ExternalCredentialsProvider.builder().withProcessCommand('false').build();
    const failing = new Credential(null, provider);
    assert.throws(() => failing.getCredentialSync(), { code: 'ERR_ALIYUN_CRED_COMMAND' });
    await until(2);
    assert.equal(messages[1].credential, failing);
    assert.deepEqual(
      [messages[1].event.kind, messages[1].event.error.code],
      ['refresh_failed', 'ERR_ALIYUN_CRED_COMMAND'],
    );
    const variables = {
      ALIBABA_CLOUD_ECS_METADATA_DISABLED: undefined,
      ALIBABA_CLOUD_ECS_METADATA_ENDPOINT: `http://127.0.0.1:${sts.port}`,
    };
    sts.refusal = REFUSAL;
    await withEnvironment(variables, async () => {
      const instance = Credential.ECSRAMRoleCredentialsProvider.builder().withRoleName('app').build();
      for (const count of [3, 4]) {
        await assert.rejects(instance.getCredentials());
        await until(count);
        assert.equal(messages[count - 1].credential.getType(), 'ecs_ram_role');
        instance.close();
      }
    });
  } finally {
    diagnostics.unsubscribe(CHANNEL, subscriber);
  }
});

test('events that a blocked loop has no time for are dropped, and counted', async () => {
  const provider = Credential.ExternalCredentialsProvider.builder().withProcessCommand('false').build();
  const client = new Credential(null, provider);
  const events = listenTo(client);
  const TRIES = 80;
  for (let i = 0; i < TRIES; i += 1) assert.throws(() => client.getCredentialSync());
  await events.until(64);
  await assert.rejects(client.getCredential());
  const total = () => events.heard.reduce((sum, { dropped }) => sum + dropped, events.heard.length);
  for (let count = 65; total() < TRIES + 1; count += 1) await events.until(count);
  assert.equal(total(), TRIES + 1);
});

test('listeners do not keep the process', async () => {
  const { code, stdout, stderr } = await runNode(
    `require('node:diagnostics_channel').subscribe('aliyun-cred:event', () => {});
     globalThis.client = new Credential(roleAt(argument)).on('refresh_failed', () => {}).on('refreshed', () => {});
     new Credential(roleAt(argument)).on('refreshed', () => {});
     client.getCredential().then((model) => process.stdout.write(model.type));`,
    sts.port,
  );
  assert.equal(code, 0, stderr);
  assert.equal(stdout, 'ram_role_arn');
});

test('a client that nobody holds any more is freed, whatever its listeners hold', async () => {
  const { stdout, stderr } = await run(process.execPath, [
    '--expose-gc',
    '-e',
    `const Credential = require(${JSON.stringify(PACKAGE)});
     const { roleAt } = require(${JSON.stringify(join(__dirname, 'support.js'))});
     const refs = [];
     // Listeners do not keep the process.
     const timer = setInterval(() => {}, 1000);
     async function use() {
       const client = new Credential(roleAt(${sts.port}));
       const heard = new Promise((resolve) => client.on('refreshed', () => resolve(client)));
       client.on('refresh_failed', () => client.getType());
       await client.getCredential();
       await heard;
       refs.push(new WeakRef(client));
     }
     const left = () => refs.filter((ref) => ref.deref()).length;
     (async () => {
       for (let i = 0; i < 20; i += 1) await use();
       for (let turn = 0; turn < 100 && left() > 0; turn += 1) {
         await new Promise(setImmediate);
         gc();
       }
       process.stdout.write(String(left()));
       clearInterval(timer);
     })();`,
  ]);
  assert.equal(stdout, '0', stderr);
});

'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { join } = require('node:path');
const { afterEach, test } = require('node:test');
const { setTimeout: pause } = require('node:timers/promises');
const { Worker } = require('node:worker_threads');
const { SECRET, issuedSecret, issuedToken } = require('./secrets.js');
const { later, roleAt } = require('./support.js');
const { serve } = require('./sts.js');
const Credential = require('../../node');

let sts;
afterEach(async () => {
  await sts?.close();
  sts = undefined;
});

test('an assumed role', async () => {
  sts = await serve();
  const client = new Credential(roleAt(sts.port));
  assert.equal(client.getBearerToken(), undefined);
  assert.equal(sts.requests, 0, 'construction asked the service');
  const model = await client.getCredential();
  assert.equal(model.accessKeyId, 'STS.1');
  assert.ok(model.accessKeySecret === issuedSecret(1) && model.securityToken === issuedToken(1), 'differs');
  assert.equal(model.type, 'ram_role_arn');
  assert.equal(model.providerName, 'ram_role_arn/static_ak');
  assert.ok(model.expiration > new Date());
  model.expiration.setTime(0);
  assert.ok(model.expiration > new Date(), 'a caller can change the expiration');
  assert.equal('expiration' in model.toMap(), false);
  assert.equal(await client.getCredential(), model);
  assert.equal(await client.getAccessKeyId(), 'STS.1');
  assert.equal(sts.requests, 1);
});

test('a thousand callers share one request', async () => {
  sts = await serve();
  const gate = later();
  const arrived = later();
  sts.held = gate.promise;
  sts.onRequest = arrived.resolve;
  const client = new Credential(roleAt(sts.port));
  const calls = Array.from({ length: 1000 }, () => client.getCredential());
  await arrived.promise;
  calls.push(client.getCredential());
  gate.resolve();
  const models = await Promise.all(calls);
  assert.equal(new Set(models).size, 1);
  assert.equal(sts.requests, 1);
});

test('invalidate makes the next call ask again, of this client alone', async () => {
  sts = await serve();
  const [one, other] = [new Credential(roleAt(sts.port)), new Credential(roleAt(sts.port))];
  const first = await one.getCredential();
  const kept = await other.getCredential();
  one.invalidate();
  const [second, again] = await Promise.all([one.getCredential(), one.getCredential()]);
  assert.notEqual(second.accessKeyId, first.accessKeyId);
  assert.equal(again, second);
  assert.equal((await other.getCredential()).accessKeyId, kept.accessKeyId);
  assert.equal(sts.requests, 3);
});

test('a caller that aborts leaves the refresh to the others', async () => {
  sts = await serve();
  const gate = later();
  const arrived = later();
  sts.held = gate.promise;
  sts.onRequest = arrived.resolve;
  const client = new Credential(roleAt(sts.port));
  const controller = new AbortController();
  const gone = client.getCredential({ signal: controller.signal });
  const stays = client.getCredential({ signal: new AbortController().signal });
  await arrived.promise;
  const reason = new Error('enough');
  controller.abort(reason);
  await assert.rejects(gone, { code: 'ERR_ALIYUN_CRED_CANCELLED', cause: reason, attempts: [] });
  gate.resolve();
  assert.equal((await stays).accessKeyId, 'STS.1');
  assert.equal((await client.getCredential({ signal: null })).accessKeyId, 'STS.1');
  assert.equal(sts.requests, 1);
});

test('a signal that has aborted stops even a cached answer, and starts nothing', async () => {
  sts = await serve();
  const client = new Credential(roleAt(sts.port));
  const options = { signal: AbortSignal.abort() };
  await assert.rejects(client.getCredential(options), { code: 'ERR_ALIYUN_CRED_CANCELLED' });
  assert.equal(sts.requests, 0);
  await client.getCredential();
  await assert.rejects(client.getCredential(options), { code: 'ERR_ALIYUN_CRED_CANCELLED' });
  assert.equal((await client.getCredential({ signal: new AbortController().signal })).accessKeyId, 'STS.1');
});

test('the environment is read at every call', async () => {
  const client = new Credential();
  try {
    process.env.ALIBABA_CLOUD_ACCESS_KEY_ID = 'one';
    process.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET = SECRET;
    assert.equal((await client.getCredential()).accessKeyId, 'one');
    process.env.ALIBABA_CLOUD_ACCESS_KEY_ID = 'two';
    const model = await client.getCredential();
    assert.equal(model.accessKeyId, 'two');
    assert.deepEqual([model.type, model.providerName], ['default', 'default/env']);
    delete process.env.ALIBABA_CLOUD_ACCESS_KEY_ID;
    await assert.rejects(client.getCredential(), { code: 'ERR_ALIYUN_CRED_NOT_CONFIGURED' });
  } finally {
    delete process.env.ALIBABA_CLOUD_ACCESS_KEY_ID;
    delete process.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET;
  }
});

// The tests below ask until something changes, which a credential of a few seconds brings about on its own.

test('a rotation is noticed by a program that asks now and then', async () => {
  sts = await serve({ lifetime: 2 });
  const client = new Credential(roleAt(sts.port));
  const { accessKeyId } = await client.getCredential();
  let calls = 0;
  while ((await client.getCredential()).accessKeyId === accessKeyId) {
    calls += 1;
    await pause(5);
  }
  const { CALLS_PER_CHECK } = require('../../node/lib/credential.js');
  assert.ok(calls < CALLS_PER_CHECK / 2, 'not the timer, but the number of calls has found it');
});

test('a rotation is noticed by a loop that lets no timer run', async (t) => {
  const server = new Worker(join(__dirname, 'sts.js'), { workerData: { lifetime: 2 } });
  t.after(() => server.terminate());
  const [port] = await once(server, 'message');
  const client = new Credential(roleAt(port));
  const { accessKeyId } = await client.getCredential();
  // Awaits promises that are settled, and so does not return to the event loop: the limit is read here.
  const limit = performance.now() + 30_000;
  while ((await client.getCredential()).accessKeyId === accessKeyId) {
    assert.ok(performance.now() < limit, 'a credential that has expired is still handed out');
  }
});

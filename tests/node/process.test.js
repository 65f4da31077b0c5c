'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { after, before, test } = require('node:test');
const { Worker } = require('node:worker_threads');
const { CANARY } = require('./secrets.js');
const { PACKAGE, later, roleAt, run, runNode } = require('./support.js');
const { serve } = require('./sts.js');

let sts;
before(async () => {
  sts = await serve();
});
after(() => sts.close());

/** Holds all answers back: `arrived` resolves with the next request, `release` lets them go. */
function hold() {
  const gate = later();
  const arrived = later();
  sts.held = gate.promise;
  sts.onRequest = arrived.resolve;
  return { arrived: arrived.promise, release: gate.resolve };
}

test('workers may be terminated with requests in flight', async (t) => {
  const workers = [];
  t.after(() => Promise.all(workers.map((worker) => worker.terminate())));
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const Credential = require(workerData.path);
    const clients = Array.from({ length: 3 }, () => new Credential(workerData.role));
    for (let i = 0; i < 50; i += 1) clients[i % 3].getCredential().then(() => parentPort.postMessage('credential'));
    new Credential({ type: 'bearer', bearerToken: 't' }).getCredential().then(() => parentPort.postMessage('static'));
  `;
  for (let round = 0; round < 24; round += 1) {
    const { arrived, release } = hold();
    const worker = new Worker(code, { eval: true, workerData: { path: PACKAGE, role: roleAt(sts.port) } });
    workers.push(worker);
    const [message] = await once(worker, 'message');
    assert.equal(message, 'static');
    await arrived;
    // In turn: the answers come after the end, with it, and before it.
    if (round % 3 === 0) {
      await worker.terminate();
      release();
    } else if (round % 3 === 1) {
      release();
      await worker.terminate();
    } else {
      release();
      assert.deepEqual(await once(worker, 'message'), ['credential']);
      await worker.terminate();
    }
  }
});

test('the main thread and workers ask side by side', async (t) => {
  sts.held = undefined;
  const Credential = require('../../node');
  const client = new Credential(roleAt(sts.port));
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const Credential = require(workerData.path);
    new Credential(workerData.role).getCredential().then((model) => parentPort.postMessage(model.accessKeyId));
  `;
  const workerData = { path: PACKAGE, role: roleAt(sts.port) };
  const workers = Array.from({ length: 3 }, () => new Worker(code, { eval: true, workerData }));
  t.after(() => Promise.all(workers.map((worker) => worker.terminate())));
  const ids = await Promise.all([
    client.getCredential().then((model) => model.accessKeyId),
    ...workers.map(async (worker) => {
      const exit = once(worker, 'exit');
      const [id] = await once(worker, 'message');
      assert.deepEqual(await exit, [0]);
      return id;
    }),
  ]);
  assert.equal(new Set(ids).size, 4, 'clients are not independent');
});

test('process.exit keeps its code with a refresh in flight', async () => {
  const { arrived, release } = hold();
  const { stdout, stderr, ...end } = await runNode(
    `new Credential(roleAt(argument)).getCredential().then(() => process.exit(9));
     process.stdin.once('data', () => process.exit(3));`,
    sts.port,
    { go: arrived },
  );
  release();
  assert.deepEqual(end, { code: 3, signal: null }, stdout + stderr);
});

test('a call that is awaited keeps the process', async () => {
  const { arrived, release } = hold();
  const code = `import Credential from ${JSON.stringify(`${PACKAGE}/index.mjs`)};
    const model = await new Credential(${JSON.stringify(roleAt(sts.port))}).getCredential();
    process.stdout.write(model.type);`;
  const child = run(process.execPath, ['--input-type=module', '-e', code]);
  await arrived;
  release();
  const { stdout, stderr, ...end } = await child;
  assert.deepEqual(end, { code: 0, signal: null }, stderr);
  assert.equal(stdout, 'ram_role_arn');
});

test('a call that was given up does not keep the process', async () => {
  const { release } = hold();
  const { code, stderr } = await runNode(
    `const controller = new AbortController();
     const given = new Credential(roleAt(argument)).getCredential({ signal: controller.signal });
     given.catch(({ code }) => process.stderr.write(code));
     controller.abort();`,
    sts.port,
  );
  // It has ended, and its answer is still held.
  release();
  assert.equal(code, 0);
  assert.equal(stderr, 'ERR_ALIYUN_CRED_CANCELLED');
});

test('a promise that nobody holds costs nothing but its request', async () => {
  const { arrived, release } = hold();
  const before = sts.requests;
  const child = runNode(
    `globalThis.client = new Credential(roleAt(argument));
     client.getCredential();
     process.stdin.once('data', () => client.getCredential().then((model) => process.stdout.write(model.type)));`,
    sts.port,
    { go: arrived },
  );
  await arrived;
  release();
  const { code, stdout, stderr } = await child;
  assert.deepEqual([code, stdout, stderr], [0, 'ram_role_arn', '']);
  assert.equal(sts.requests, before + 1);
});

test('one that is rejected is reported by Node, as any other', async () => {
  sts.held = undefined;
  sts.refusal = [403, { Code: 'NoPermission', Message: 'no', RequestId: 'R' }];
  const { code, stderr } = await runNode('new Credential(roleAt(argument)).getCredential();', sts.port);
  sts.refusal = undefined;
  assert.equal(code, 1);
  assert.match(stderr, /NoPermission/);
  assert.ok(!stderr.includes(CANARY), 'a secret shows');
});

test('ten thousand clients of each kind', async () => {
  sts.held = undefined;
  const before = sts.requests;
  const { code, stdout, stderr } = await runNode(
    `const custom = { getCredentials: async () => ({ accessKeyId: 'custom', accessKeySecret: 's' }), getProviderName: () => 'mine' };
     const pair = Credential.StaticAKCredentialsProvider.builder().withAccessKeyId('pair').withAccessKeySecret('s').build();
     process.env.ALIBABA_CLOUD_ACCESS_KEY_ID = 'chain';
     process.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET = 's';
     const makers = [() => new Credential(), () => new Credential(null, custom), () => new Credential(null, pair)];
     (async () => {
       const ids = new Map();
       const clients = [];
       for (let i = 0; i < 10_000; i += 1) {
         clients.push(new Credential(roleAt(argument)));
         for (const make of makers) {
           const client = make();
           clients.push(client);
           const { accessKeyId } = await client.getCredential();
           ids.set(accessKeyId, (ids.get(accessKeyId) ?? 0) + 1);
         }
       }
       const roles = clients.filter((client) => client.getType() === 'ram_role_arn').slice(0, 100);
       const models = await Promise.all(roles.map((client) => client.getCredential()));
       process.stdout.write(JSON.stringify([clients.length, Object.fromEntries(ids), new Set(models).size]));
     })();`,
    sts.port,
  );
  assert.equal(code, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), [40_000, { chain: 10_000, custom: 10_000, pair: 10_000 }, 100]);
  assert.equal(sts.requests, before + 100);
});

test('an idle client with a credential that will be due does not keep the process', async () => {
  sts.held = undefined;
  const { code, stdout, stderr } = await runNode(
    `globalThis.client = new Credential(roleAt(argument));
     client.getCredential().then((model) => process.stdout.write(model.type));`,
    sts.port,
  );
  assert.equal(code, 0, stderr);
  assert.equal(stdout, 'ram_role_arn');
});

// Only Linux shows a process's threads by name.
if (process.platform === 'linux') {
  test('loading, construction and what needs no network start no thread', async () => {
    sts.held = undefined;
    const { code, stdout, stderr } = await runNode(
      `const { readdirSync, readFileSync } = require('node:fs');
       const name = (id) => readFileSync('/proc/self/task/' + id + '/comm', 'utf8');
       const started = () => readdirSync('/proc/self/task').some((id) => name(id).startsWith('aliyun-cred'));
       (async () => {
         const answers = [started()];
         const [environment, role] = [new Credential(), new Credential(roleAt(argument))];
         await new Credential({ type: 'bearer', bearerToken: 't' }).getCredential();
         process.env.ALIBABA_CLOUD_ACCESS_KEY_ID = process.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET = 'x';
         await environment.getCredential();
         answers.push(started());
         await role.getCredential();
         answers.push(started());
         process.stdout.write(JSON.stringify(answers));
       })();`,
      sts.port,
    );
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), [false, false, true]);
  });
}

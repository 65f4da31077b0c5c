'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { after, before, test } = require('node:test');
const { Worker } = require('node:worker_threads');
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

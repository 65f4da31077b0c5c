'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { mkdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { after, before, beforeEach, test } = require('node:test');
const { inspect } = require('node:util');
const { Worker } = require('node:worker_threads');
const { BEARER_TOKEN, CANARY, SECRET, TOKEN } = require('./secrets.js');
const { PACKAGE, REFUSAL, folder, later, providerOf, roleAt, roleWith } = require('./support.js');
const { run, runNode, withEnvironment } = require('./support.js');
const { serve } = require('./sts.js');
const Credential = require('../../node');

let sts;
before(async () => {
  sts = await serve();
});
beforeEach(() => {
  sts.requests = 0;
  sts.held = undefined;
  sts.refusal = undefined;
  sts.onRequest = () => {};
});
after(() => sts.close());

const PAIR = { accessKeyId: 'LTAI5tExampleExampleAbcd', accessKeySecret: SECRET };

/** A role that is assumed with what `base` gives. */
const roleOver = (base) => roleWith(base, sts.port);

/** Runs `body` where the CLI's profile is a role at the STS, and the other configuration file has an AccessKey pair. */
async function inHome(body) {
  const home = folder();
  const files = {
    '.aliyun/config.json': JSON.stringify({
      current: 'default',
      profiles: [
        {
          name: 'default',
          mode: 'RamRoleArn',
          access_key_id: 'LTAI5tProfileProfileAbcd',
          access_key_secret: SECRET,
          ram_role_arn: 'acs:ram::1000000000000001:role/reader',
          ram_session_name: 'test',
        },
      ],
    }),
    '.alibabacloud/credentials.ini': `[default]\ntype = access_key\naccess_key_id = ${PAIR.accessKeyId}\naccess_key_secret = ${SECRET}\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(home, name, '..'));
    writeFileSync(join(home, name), text, { mode: 0o600 });
  }
  return withEnvironment({ HOME: home, ALIBABA_CLOUD_STS_ENDPOINT: `http://127.0.0.1:${sts.port}` }, body);
}

/** Source -> state. */
const states = (report) => Object.fromEntries(report.sources.map(({ source, state }) => [source, state]));

/** Fails if a secret is anywhere in the report. */
function assertHarmless(report) {
  for (const text of [JSON.stringify(report), String(report), inspect(report, { depth: null, showHidden: true })]) {
    assert.ok(!text.includes(CANARY), 'a secret shows');
  }
}

test('a chain with a source that fails and one that answers', () =>
  inHome(async () => {
    sts.refusal = REFUSAL;
    const report = await new Credential().explain();
    assert.deepEqual([report.version, report.type, report.warnings], [1, 'default', []]);
    const found = states(report);
    const { env, cli_profile: cli, profile } = found;
    assert.deepEqual([env, cli, profile], ['not_configured', 'failed', 'answered']);
    assert.equal(found.ecs_ram_role, 'not_asked');

    const failed = report.sources.find(({ source }) => source === 'cli_profile');
    assert.deepEqual([failed.kind, failed.failed_at], ['denied', 'ram_role_arn']);
    assert.match(failed.reason, /NoPermission/);
    assert.deepEqual(
      failed.requests.map(({ host, status, code, request_id: id }) => [host, status, code, id]),
      [[`127.0.0.1:${sts.port}`, 403, 'NoPermission', 'R-403']],
    );
    assert.ok(failed.files.some(({ path, state }) => path.endsWith('config.json') && state === 'read'));

    const { credentials } = report;
    assert.equal(credentials.provider_name, 'default/profile/static_ak');
    assert.equal(credentials.access_key_id, 'LTAI5tEx****Abcd');
    assert.equal(credentials.expiration, null);
    assert.equal(sts.requests, 1);
    assertHarmless(report);
  }));

test('the text form, which is no property of the report', () =>
  inHome(async () => {
    sts.refusal = REFUSAL;
    const report = await new Credential().explain({});
    const text = String(report);
    assert.equal(report.toString(), text);
    assert.match(text, /^\[-\] env +not configured\n/);
    assert.match(text, /^\[!\] cli_profile +failed: denied/m);
    assert.match(text, /^\[\+\] profile +answered/m);
    assert.match(text, /^ {2}AccessKey ID +LTAI5tEx\*{4}Abcd$/m);
    assert.deepEqual(Object.keys(report), ['version', 'type', 'sources', 'credentials', 'warnings']);
    assert.deepEqual(structuredClone(report), JSON.parse(JSON.stringify(report)));
  }));

test('`all` asks the sources behind the first that answers', () =>
  inHome(async () => {
    const first = await new Credential().explain({ all: false, rotate: undefined });
    assert.deepEqual([states(first).cli_profile, states(first).profile], ['answered', 'not_asked']);
    const all = await new Credential().explain({ all: true, rotate: true });
    assert.deepEqual([states(all).cli_profile, states(all).profile], ['answered', 'answered']);
    assert.ok(!Object.values(states(all)).includes('not_asked'));
    assert.equal(all.credentials.provider_name, 'default/cli_profile/ram_role_arn/static_ak');
    assert.equal(sts.requests, 2);
    assertHarmless(all);
  }));

test('a chain that finds nothing, and options that are wrong', async () => {
  const report = await new Credential().explain();
  assert.equal(report.credentials, null);
  assert.match(String(report), /No credential\.\n$/);
  const client = new Credential({ type: 'bearer', bearerToken: BEARER_TOKEN });
  for (const options of [{ al: true }, { all: 1 }, { all: 'yes' }, { rotate: 0 }, { signal: null }, true, 'all', 1]) {
    await assert.rejects(client.explain(options), TypeError, inspect(options));
  }
  for (const options of [undefined, null, {}, { all: null }]) await client.explain(options);
});

test('the cached credential and the status stay as they are', async () => {
  const client = new Credential(roleAt(sts.port));
  const model = await client.getCredential();
  const { lastRefresh } = client.status();
  sts.refusal = REFUSAL;
  const report = await client.explain();
  assert.deepEqual(states(report), { ram_role_arn: 'failed' });
  assert.equal(sts.requests, 2);
  assert.equal(await client.getCredential(), model);
  const status = client.status();
  assert.deepEqual([status.failures, status.lastError, status.lastRefresh], [0, null, lastRefresh]);
  assert.equal(sts.requests, 2);
  assertHarmless(report);
});

test('clients of every kind', async () => {
  const pair = Credential.StaticAKCredentialsProvider.builder()
    .withAccessKeyId(PAIR.accessKeyId)
    .withAccessKeySecret(SECRET)
    .build();
  const external = Credential.ExternalCredentialsProvider.builder()
    .withProcessCommand(`echo '${JSON.stringify({ mode: 'AK', access_key_id: 'i', access_key_secret: SECRET })}'`)
    .withCredentialUpdateCallback(() => assert.fail('a report has updated the program'))
    .build();
  const clients = {
    static_ak: new Credential({ type: 'access_key', ...PAIR }),
    static_sts: new Credential({ type: 'sts', ...PAIR, securityToken: TOKEN }),
    bearer: new Credential({ type: 'bearer', bearerToken: BEARER_TOKEN }),
    ram_role_arn: new Credential(roleAt(sts.port)),
    external: new Credential(null, external),
  };
  for (const [name, client] of Object.entries(clients)) {
    const report = await client.explain();
    assert.deepEqual(states(report), { [name]: 'answered' }, String(report));
    assert.deepEqual([report.type, report.credentials.type], [client.getType(), client.getType()]);
    assertHarmless(report);
  }
  for (const base of [pair, providerOf(async () => PAIR)]) {
    const report = await new Credential(null, roleOver(base)).explain();
    assert.deepEqual(states(report), { ram_role_arn: 'answered' }, String(report));
    assert.equal(report.credentials.provider_name, `ram_role_arn/${base.getProviderName()}`);
    assertHarmless(report);
  }
});

test('a custom provider that answers', async () => {
  const given = { ...PAIR, securityToken: TOKEN, expiration: new Date('2100-01-01T00:00:00Z') };
  const client = new Credential(
    null,
    providerOf(async () => given),
  );
  const report = await client.explain({ all: true });
  assert.deepEqual([report.type, states(report)], ['mine', { mine: 'answered' }]);
  assert.deepEqual([report.sources[0].reason, report.sources[0].kind], [null, null]);
  assert.equal(typeof report.sources[0].milliseconds, 'number');
  const { provider_name: path, access_key_id: id, expiration } = report.credentials;
  assert.deepEqual([path, id, expiration], ['mine', 'LTAI5tEx****Abcd', '2100-01-01T00:00:00Z']);
  assertHarmless(report);
});

test('custom providers that fail', async () => {
  const denied = Object.assign(new Error('the vault\nis sealed'), { code: 'ERR_ALIYUN_CRED_DENIED' });
  for (const [get, kind, reason] of [
    [() => Promise.reject(denied), 'denied', "the provider 'mine' failed: the vault is sealed"],
    [
      () => {
        throw new TypeError('no');
      },
      'internal',
      "the provider 'mine' failed: no",
    ],
    [() => undefined, 'internal', "the provider 'mine' gave a credential without AccessKey ID or secret"],
    [
      () => ({ ...PAIR, expiration: new Date(1000) }),
      'expired',
      "the provider 'mine' gave a credential that has already expired",
    ],
    [
      () => ({ ...PAIR, accessKeySecret: `${SECRET}\n.` }),
      'internal',
      "the AccessKey secret of the provider 'mine' contains a control character",
    ],
  ]) {
    const report = await new Credential(null, providerOf(get)).explain();
    const [source] = report.sources;
    assert.deepEqual([source.state, source.kind, source.reason], ['failed', kind, reason]);
    assert.deepEqual([source.failed_at, report.credentials], [null, null]);
    assertHarmless(report);
  }
});

test('a custom provider that asks the client it is asked for', async () => {
  const code = 'ERR_ALIYUN_CRED_RECURSION';
  for (const name of ['explain', 'getCredential']) {
    const client = new Credential(
      null,
      providerOf(() => client[name]()),
    );
    const { sources } = await client.explain();
    assert.deepEqual([sources[0].state, sources[0].kind], ['failed', 'recursion'], name);
    const role = new Credential(null, roleOver(providerOf(() => role[name]())));
    assert.equal((await role.explain()).sources[0].kind, 'recursion', name);
    if (name === 'explain') {
      await assert.rejects(client.getCredential(), { code });
      await assert.rejects(role.getCredential(), { code });
    }
  }
});

test('a report that is awaited keeps the process, of a custom provider, too', async () => {
  const gate = later();
  const arrived = later();
  sts.held = gate.promise;
  sts.onRequest = arrived.resolve;
  const code = `import Credential from ${JSON.stringify(`${PACKAGE}/index.mjs`)};
    const later = async () => { await new Promise(setImmediate); return { accessKeyId: 'i', accessKeySecret: 's' }; };
    const custom = new Credential(null, { getCredentials: later, getProviderName: () => 'mine' });
    process.stdout.write((await custom.explain()).type);
    const report = await new Credential(${JSON.stringify(roleAt(sts.port))}).explain();
    process.stdout.write(' ' + report.type);`;
  const child = run(process.execPath, ['--input-type=module', '-e', code]);
  await arrived.promise;
  gate.resolve();
  const { stdout, stderr, ...end } = await child;
  assert.deepEqual(end, { code: 0, signal: null }, stderr);
  assert.equal(stdout, 'mine ram_role_arn');
});

test('process.exit keeps its code while a report is under way', async () => {
  const gate = later();
  const arrived = later();
  sts.held = gate.promise;
  sts.onRequest = arrived.resolve;
  const { stdout, stderr, ...end } = await runNode(
    `const never = { getCredentials: () => new Promise(() => {}), getProviderName: () => 'mine' };
     new Credential(null, never).explain().then(() => process.exit(8));
     new Credential(roleAt(argument)).explain().then(() => process.exit(9));
     process.stdin.once('data', () => process.exit(3));`,
    sts.port,
    { go: arrived.promise },
  );
  gate.resolve();
  assert.deepEqual(end, { code: 3, signal: null }, stdout + stderr);
});

test('workers may be terminated while reports are under way', async (t) => {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const Credential = require(workerData.path);
    const never = { getCredentials: () => new Promise(() => parentPort.postMessage('asked')), getProviderName: () => 'mine' };
    const role = new Credential(workerData.role);
    role.on('refreshed', () => parentPort.postMessage('refreshed'));
    role.getCredential();
    role.explain().then(() => parentPort.postMessage('report'));
    new Credential(null, never).explain();
  `;
  for (let round = 0; round < 12; round += 1) {
    const gate = later();
    const arrived = later();
    sts.held = gate.promise;
    sts.onRequest = arrived.resolve;
    const worker = new Worker(code, { eval: true, workerData: { path: PACKAGE, role: roleAt(sts.port) } });
    t.after(() => worker.terminate());
    assert.deepEqual(await once(worker, 'message'), ['asked']);
    await arrived.promise;
    // In turn: the answers come after the end, with it, and before it.
    if (round % 3 === 1) gate.resolve();
    if (round % 3 === 2) {
      const heard = once(worker, 'message');
      gate.resolve();
      await heard;
    }
    await worker.terminate();
    gate.resolve();
  }
});

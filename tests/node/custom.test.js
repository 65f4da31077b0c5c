'use strict';

// Custom providers.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { after, before, beforeEach, test } = require('node:test');
const { inspect } = require('node:util');
const { Worker } = require('node:worker_threads');
const { BEARER_TOKEN, CANARY, SECRET, TOKEN } = require('./secrets.js');
const { PACKAGE, later, providerOf, roleAt, roleWith, run, runNode } = require('./support.js');
const { serve } = require('./sts.js');
const Credential = require('../../node');
const { CustomProvider } = require('../../node/lib/custom_provider.js');
const { runCallback } = require('../../node/lib/update_callback.js');

let sts;
before(async () => {
  sts = await serve();
});
beforeEach(() => {
  sts.held = undefined;
  sts.requests = 0;
});
after(() => sts.close());

/** A role that is assumed with what `base` gives. */
const roleOver = (base) => roleWith(base, sts.port);

const PAIR = { accessKeyId: 'id', accessKeySecret: SECRET };

/** The error of a promise that has to be rejected. */
async function errorOf(promise) {
  const error = await promise.then(
    () => undefined,
    (caught) => caught,
  );
  assert.ok(error instanceof Error, 'not rejected with an Error');
  return error;
}

test('it is asked at every call, and wins over the configuration', async () => {
  let calls = 0;
  const provider = providerOf(async () => ({ ...PAIR, accessKeyId: `id-${++calls}`, securityToken: TOKEN }));
  const client = new Credential({ type: 'nonsense' }, provider);
  assert.equal(client.getType(), 'mine');
  assert.equal(client.getBearerToken(), undefined);
  const model = await client.getCredential();
  assert.ok(model instanceof Credential.CredentialModel && Object.isFrozen(model));
  const { accessKeySecret, securityToken, ...shown } = model;
  assert.ok(accessKeySecret === PAIR.accessKeySecret && securityToken === TOKEN, 'differs');
  assert.deepEqual(shown, { accessKeyId: 'id-1', type: 'mine', providerName: 'mine' });
  assert.equal(await client.getAccessKeyId(), 'id-2');
  const together = await Promise.all(Array.from({ length: 100 }, () => client.getCredential()));
  assert.equal(new Set(together).size, 1);
  assert.equal(calls, 3);
});

test('what it gives beyond a pair', async () => {
  const end = new Date(Date.now() + 60_000);
  const given = { ...PAIR, providerName: 'vault', expiration: end, bearerToken: '', other: 1 };
  const model = await new Credential(
    null,
    providerOf(() => given),
  ).getCredential();
  assert.deepEqual([model.providerName, model.expiration, model.other], ['vault', end, undefined]);
  const bearer = new Credential(
    null,
    providerOf(() => ({ bearerToken: BEARER_TOKEN })),
  );
  const { bearerToken, ...rest } = (await bearer.getCredential()).toMap();
  assert.ok(bearerToken === BEARER_TOKEN && bearer.getBearerToken() === BEARER_TOKEN, 'differs');
  const empty = { accessKeyId: '', accessKeySecret: '', securityToken: '' };
  assert.deepEqual(rest, { ...empty, type: 'bearer', providerName: 'mine' });
});

/** A line break, what clears a terminal, and what turns the text around; and what is left of them. */
const HOSTILE = 'a\r\nb\x1b[2Jc\u202ed';
const HARMLESS = 'a  b [2Jc d';

/** What a client of its own makes of what a provider gives. */
const DIRECT = (provider) => new Credential(null, provider).getCredential();

test('white space around its keys is cut off, and a warning says so', async () => {
  const padded = providerOf(
    () => ({ accessKeyId: ' id\r\n', accessKeySecret: '\ts ', securityToken: 't\n' }),
    'padded',
  );
  const warnings = [];
  const listen = (warning) => warnings.push(warning);
  process.on('warning', listen);
  const { accessKeyId, accessKeySecret, securityToken } = await DIRECT(padded);
  assert.deepEqual([accessKeyId, accessKeySecret, securityToken], ['id', 's', 't']);
  await new Promise(setImmediate);
  process.off('warning', listen);
  assert.deepEqual(
    warnings.map(({ name, message }) => [name, message.split(' has ')[0]]),
    ['AccessKey ID', 'AccessKey secret', 'security token'].map((what) => [
      'AliyunCredWarning',
      `the ${what} of the provider 'padded'`,
    ]),
  );
  assert.equal((await DIRECT(providerOf(() => ({ bearerToken: ' b\n' })))).bearerToken, 'b');
  assert.equal((await DIRECT(providerOf(() => ({ ...PAIR, securityToken: ' ' })))).securityToken, undefined);
});

test('what is no key is refused, alone and as a base', async () => {
  const fields = {
    accessKeyId: 'AccessKey ID',
    accessKeySecret: 'AccessKey secret',
    securityToken: 'security token',
    bearerToken: 'bearer token',
  };
  for (const [field, what] of Object.entries(fields)) {
    for (const [value, why] of [
      [`${SECRET}\r\nX-Evil: 1`, 'contains a control character'],
      [`${SECRET} x`, 'contains white space'],
      [`${SECRET}\u202e`, 'contains characters that are not ASCII'],
      [`${SECRET}\udc80`, 'contains characters that are not ASCII'],
    ]) {
      const get = () => ({ ...PAIR, [field]: value });
      for (const promise of [DIRECT(providerOf(get)), roleOver(providerOf(get)).getCredentials()]) {
        const error = await errorOf(promise);
        assert.equal(error.message, `the ${what} of the provider 'mine' ${why}`);
        assert.equal(error.code, 'ERR_ALIYUN_CRED_INTERNAL');
        assert.ok(!inspect(error).includes(CANARY), 'a secret shows');
      }
    }
  }
});

test('its name is one line wherever it shows, and so are its failures', async () => {
  const fine = providerOf(() => PAIR, HOSTILE);
  const model = await DIRECT(fine);
  assert.deepEqual([model.type, model.providerName], [HARMLESS, HARMLESS]);
  assert.equal(new Credential(null, fine).getType(), HARMLESS);
  const role = roleOver(fine);
  assert.equal((await role.getCredentials()).providerName, `ram_role_arn/${HARMLESS}`);
  assert.equal(role.getProviderName(), `ram_role_arn/${HARMLESS}`);
  const vault = providerOf(() => ({ ...PAIR, providerName: HOSTILE }));
  assert.equal((await DIRECT(vault)).providerName, HARMLESS);
  assert.equal((await roleOver(vault).getCredentials()).providerName, `ram_role_arn/${HARMLESS}`);
  const wrong = providerOf(() => undefined, HOSTILE);
  for (const promise of [DIRECT(wrong), roleOver(wrong).getCredentials()]) {
    const { message } = await errorOf(promise);
    assert.equal(message, `the provider '${HARMLESS}' gave a credential without AccessKey ID or secret`);
  }
  const mine = new Error(HOSTILE);
  const failing = roleOver(providerOf(() => Promise.reject(mine)));
  const error = await errorOf(failing.getCredentials());
  assert.deepEqual([error.message, error.cause], [`the provider 'mine' failed: ${HARMLESS}`, mine]);
});

test('an object with neither method is ignored, as in the original; one of the two alone is a mistake', async () => {
  const config = { type: 'sts', accessKeyId: 'i', accessKeySecret: 's', securityToken: 't' };
  for (const settings of [null, undefined, {}, { timeout: 1 }, 3, 'x', () => 1]) {
    assert.equal(new Credential(config, settings).getType(), 'sts');
  }
  const code = 'ERR_ALIYUN_CRED_INVALID_CONFIG';
  const message = 'a provider must have both getCredentials() and getProviderName()';
  for (const half of [
    { getCredentials() {} },
    { getProviderName() {} },
    { getCredentials() {}, getProviderName: 'x' },
  ]) {
    assert.throws(() => new Credential(config, half), { code, message });
    assert.throws(() => roleOver(half), { code, message });
  }
});

test('a mock that has every method is a provider', async () => {
  const mock = new Proxy({}, { get: () => () => PAIR });
  assert.equal((await new Credential(null, mock).getCredential()).accessKeyId, 'id');
  assert.equal((await roleOver(mock).getCredentials()).accessKeyId, 'STS.1');
});

/** What a provider may do wrong, the kind of error and its text. */
const WRONG = {
  'throws something': [
    () => {
      throw 'a string';
    },
    'internal',
    /^the provider 'mine' /,
  ],
  'rejects with nothing': [() => Promise.reject(), 'internal', /^the provider 'mine' /],
  'returns undefined': [() => undefined, 'internal', 'gave a credential without AccessKey ID or secret'],
  'resolves with null': [async () => null, 'internal', 'gave a credential without AccessKey ID or secret'],
  'gives a number': [async () => 3, 'internal', 'gave a credential without AccessKey ID or secret'],
  'gives no secret': [
    async () => ({ accessKeyId: 'id' }),
    'internal',
    'gave a credential without AccessKey ID or secret',
  ],
  'gives empty strings': [
    async () => ({ accessKeyId: 'id', accessKeySecret: '' }),
    'internal',
    'gave a credential without AccessKey ID or secret',
  ],
  'gives other types': [
    async () => ({ accessKeyId: 3, accessKeySecret: {} }),
    'internal',
    'gave a credential without AccessKey ID or secret',
  ],
  'gives what has expired': [
    async () => ({ ...PAIR, expiration: new Date(1000) }),
    'expired',
    'gave a credential that has already expired',
  ],
};

for (const [what, [get, kind, text]] of Object.entries(WRONG)) {
  test(`a provider that ${what}, alone and as a base`, async () => {
    const asked = [new Credential(null, providerOf(get)).getCredential(), roleOver(providerOf(get)).getCredentials()];
    for (const promise of asked) {
      const error = await errorOf(promise);
      assert.equal(error.code, `ERR_ALIYUN_CRED_${kind.toUpperCase()}`);
      if (typeof text === 'string') assert.equal(error.message, `the provider 'mine' ${text}`);
      else assert.match(error.message, text);
      assert.ok(!inspect(error).includes(CANARY), 'a secret shows');
    }
    assert.equal(sts.requests, 0);
  });
}

test("a provider's own error reaches the caller", async () => {
  const mine = new TypeError('the vault is sealed');
  for (const get of [
    () => {
      throw mine;
    },
    async () => {
      throw mine;
    },
  ]) {
    assert.equal(await errorOf(new Credential(null, providerOf(get)).getCredential()), mine);
    const error = await errorOf(roleOver(providerOf(get)).getCredentials());
    assert.equal(error.code, 'ERR_ALIYUN_CRED_INTERNAL');
    assert.equal(error.message, "the provider 'mine' failed: the vault is sealed");
    assert.equal(error.cause, mine);
  }
  const denied = Object.assign(new Error('no'), { code: 'ERR_ALIYUN_CRED_DENIED' });
  const role = roleOver(providerOf(() => Promise.reject(denied)));
  assert.equal((await errorOf(role.getCredentials())).code, 'ERR_ALIYUN_CRED_DENIED');
});

test('a failure is not remembered, and no cause of another', async () => {
  let fails = true;
  const role = roleOver(
    providerOf(async () => {
      if (fails) throw new Error('not yet');
      return PAIR;
    }),
  );
  assert.equal((await errorOf(role.getCredentials())).cause.message, 'not yet');
  fails = false;
  sts.refusal = [403, { Code: 'NoPermission', Message: 'no', RequestId: 'R' }];
  const error = await errorOf(role.getCredentials());
  sts.refusal = undefined;
  assert.deepEqual([error.code, error.cause], ['ERR_ALIYUN_CRED_DENIED', undefined]);
  assert.equal((await role.getCredentials()).accessKeyId, `STS.${sts.requests}`);
});

test('a provider that never settles is given up', async () => {
  const get = () => new Promise(() => {});
  const error = await errorOf(new CustomProvider(providerOf(get), 5).ask());
  assert.equal(error.code, 'ERR_ALIYUN_CRED_TIMEOUT');
  assert.equal(error.message, "the provider 'mine' gave no credential within 0.005 s");
});

test('a callback that never settles is given up', async () => {
  const warned = later();
  process.once('warning', (warning) => warned.resolve(warning.message));
  await runCallback(() => new Promise(() => {}), 5);
  assert.match(await warned.promise, /^the callback for updates failed/);
});

test('as the base of a role it is asked when the role is due, or kept while it lasts', async () => {
  const calls = { bare: 0, ending: 0 };
  const bare = roleOver(
    providerOf(async () => {
      calls.bare += 1;
      return { ...PAIR, securityToken: TOKEN };
    }),
  );
  const ending = roleOver(
    providerOf(async () => {
      calls.ending += 1;
      return { ...PAIR, expiration: new Date(Date.now() + 3_600_000), providerName: 'vault' };
    }),
  );
  for (let round = 0; round < 2; round += 1) {
    for (const role of [bare, ending]) {
      await Promise.all(Array.from({ length: 10 }, () => role.getCredentials()));
      role.invalidate();
    }
  }
  assert.equal(sts.requests, 4);
  assert.deepEqual(calls, { bare: 2, ending: 1 });
  assert.equal((await bare.getCredentials()).providerName, 'ram_role_arn/mine');
  assert.equal((await ending.getCredentials()).providerName, 'ram_role_arn/vault');
  assert.equal(ending.getProviderName(), 'ram_role_arn/mine');
});

test('a provider that asks the client it serves is told so, however it gets there', async () => {
  const cases = {
    'at once': (ask) => ask(),
    'after a while': async (ask) => {
      await new Promise(setImmediate);
      return ask();
    },
  };
  const code = 'ERR_ALIYUN_CRED_RECURSION';
  for (const [how, wait] of Object.entries(cases)) {
    const client = new Credential(
      null,
      providerOf(() => wait(() => client.getCredential())),
    );
    assert.equal((await errorOf(client.getCredential())).code, code, how);
    const role = roleOver(providerOf(() => wait(() => role.getCredentials())));
    assert.equal((await errorOf(role.getCredentials())).code, code, how);
    const inner = roleOver(providerOf(() => wait(() => outer.getCredentials())));
    const outer = roleOver(inner);
    assert.equal((await errorOf(outer.getCredentials())).code, code, how);
    // Each for the other.
    const left = roleOver(providerOf(() => wait(() => right.getCredentials())));
    const right = roleOver(providerOf(() => wait(() => left.getCredentials())));
    assert.equal((await errorOf(left.getCredentials())).code, code, how);
    const first = new Credential(
      null,
      providerOf(() => wait(() => second.getCredential())),
    );
    const second = new Credential(
      null,
      providerOf(() => wait(() => first.getCredential())),
    );
    assert.equal((await errorOf(first.getCredential())).code, code, how);
  }
  assert.equal(sts.requests, 0);
});

test('a provider may ask other clients, and what it leaves running may ask the one it serves', async () => {
  const other = new Credential(roleAt(sts.port));
  const go = later();
  let left;
  const role = roleOver(
    providerOf(async () => {
      left ??= go.promise.then(() => role.getCredentials());
      const { accessKeyId, accessKeySecret, securityToken } = await other.getCredential();
      return { accessKeyId, accessKeySecret, securityToken };
    }),
  );
  assert.equal((await role.getCredentials()).providerName, 'ram_role_arn/mine');
  role.invalidate();
  go.resolve();
  assert.equal((await left).providerName, 'ram_role_arn/mine');
  assert.equal(sts.requests, 3);
});

test('a caller that aborts leaves the provider to the others', async () => {
  for (const make of [
    (provider) => new Credential(null, provider),
    (provider) => new Credential(null, roleOver(provider)),
  ]) {
    const gate = later();
    let calls = 0;
    const client = make(
      providerOf(async () => {
        calls += 1;
        await gate.promise;
        return PAIR;
      }),
    );
    const controller = new AbortController();
    const gone = client.getCredential({ signal: controller.signal });
    const stays = client.getCredential();
    controller.abort();
    assert.equal((await errorOf(gone)).code, 'ERR_ALIYUN_CRED_CANCELLED');
    gate.resolve();
    await stays;
    assert.equal(calls, 1);
  }
});

test('getCredentialSync: from the source, from the environment, from the cache', async () => {
  const client = new Credential({ type: 'access_key', accessKeyId: 'i', accessKeySecret: 's' });
  assert.equal(client.getCredentialSync(), await client.getCredential());
  assert.throws(() => new Credential().getCredentialSync(), { code: 'ERR_ALIYUN_CRED_NOT_CONFIGURED' });
  const end = later();
  const server = new Worker(require.resolve('./sts.js'), { workerData: { lifetime: 3600 } });
  server.once('message', end.resolve);
  const port = await end.promise;
  // This event loop stands still meanwhile; another's answers.
  const role = new Credential(roleAt(port));
  const model = role.getCredentialSync();
  assert.equal(model.accessKeyId, 'STS.1');
  assert.equal(role.getCredentialSync(), model);
  assert.equal(await role.getCredential(), model);
  role.invalidate();
  const pending = role.getCredential();
  assert.equal(role.getCredentialSync().accessKeyId, 'STS.2');
  assert.equal((await pending).accessKeyId, 'STS.2');
  await server.terminate();
});

test('getCredentialSync over JavaScript: from the cache, or not at all', async () => {
  const refused = { code: 'ERR_ALIYUN_CRED_INVALID_CONFIG', message: /await getCredential\(\)/ };
  const role = new Credential(null, roleOver(providerOf(async () => PAIR)));
  assert.throws(() => role.getCredentialSync(), refused);
  const found = await role.getCredential();
  assert.equal(role.getCredentialSync(), found);
  role.invalidate();
  assert.throws(() => role.getCredentialSync(), refused);

  const direct = new Credential(
    null,
    providerOf(async () => PAIR),
  );
  await direct.getCredential();
  assert.throws(() => direct.getCredentialSync(), refused, 'nothing says how long that one is good');
  const end = new Date(Date.now() + 3_600_000);
  const ending = new Credential(
    null,
    providerOf(async () => ({ ...PAIR, expiration: end })),
  );
  assert.throws(() => ending.getCredentialSync(), refused);
  assert.equal(await ending.getCredential(), ending.getCredentialSync());
  ending.invalidate();
  assert.throws(() => ending.getCredentialSync(), refused);
});

const NEVER = "{ getCredentials: () => (globalThis.kept = new Promise(() => {})), getProviderName: () => 'mine' }";
const OVER = `
  const over = (base) => Credential.RAMRoleARNCredentialsProvider.builder().withCredentialsProvider(base)
    .withRoleArn('acs:ram::1:role/r').withStsEndpoint('http://127.0.0.1:' + argument).build();`;

test('idle clients and calls that were given up keep no process', async () => {
  const { code, stdout, stderr } = await runNode(
    `${OVER}
     const pair = { getCredentials: async () => ({ accessKeyId: 'i', accessKeySecret: 's' }), getProviderName: () => 'p' };
     (async () => {
       globalThis.clients = [new Credential(null, pair), new Credential(null, over(pair))];
       for (const client of clients) await client.getCredential();
       const controller = new AbortController();
       const never = [new Credential(null, ${NEVER}), new Credential(null, over(${NEVER}))];
       const calls = never.map((client) => client.getCredential({ signal: controller.signal }).catch(({ code }) => code));
       setImmediate(() => controller.abort());
       process.stdout.write(JSON.stringify(await Promise.all(calls)));
     })();`,
    sts.port,
  );
  assert.equal(code, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), Array(2).fill('ERR_ALIYUN_CRED_CANCELLED'));
});

test('process.exit keeps its code with a provider under way', async () => {
  const { stdout, stderr, ...end } = await runNode(
    `${OVER}
     for (const client of [new Credential(null, ${NEVER}), over(${NEVER})]) (client.getCredential ?? client.getCredentials).call(client);
     setImmediate(() => setImmediate(() => process.exit(3)));`,
    sts.port,
  );
  assert.deepEqual(end, { code: 3, signal: null }, stdout + stderr);
});

test('workers may be terminated with providers under way, and end on their own', async (t) => {
  const workers = [];
  t.after(() => Promise.all(workers.map((worker) => worker.terminate())));
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const Credential = require(workerData.path);
    const argument = workerData.port;
    ${OVER}
    let asked = 0;
    const never = { getCredentials() { if (++asked === 3) parentPort.postMessage('asked'); return new Promise(() => {}); }, getProviderName: () => 'mine' };
    const pair = { getCredentials: async () => ({ accessKeyId: 'i', accessKeySecret: 's' }), getProviderName: () => 'p' };
    if (workerData.ends) over(pair).getCredentials().then(({ accessKeyId }) => parentPort.postMessage(accessKeyId));
    else for (let i = 0; i < 3; i += 1) over(never).getCredentials();
  `;
  for (let round = 0; round < 16; round += 1) {
    const workerData = { path: PACKAGE, port: sts.port, ends: round % 4 === 3 };
    const worker = new Worker(code, { eval: true, workerData });
    workers.push(worker);
    const exit = once(worker, 'exit');
    const [message] = await once(worker, 'message');
    if (workerData.ends) {
      assert.match(message, /^STS/);
      assert.deepEqual(await exit, [0]);
    } else {
      assert.equal(message, 'asked');
      await worker.terminate();
    }
  }
});

test('a worker that is terminated keeps no thread waiting for its callbacks', async (t) => {
  const print = `echo '{"mode":"AK","access_key_id":"i","access_key_secret":"s"}'`;
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    require(workerData.path).ExternalCredentialsProvider.builder().withProcessCommand(workerData.print)
      .withCredentialUpdateCallback(() => { parentPort.postMessage('told'); return new Promise(() => {}); })
      .build().getCredentials();
  `;
  // More than there are threads for such work.
  for (let round = 0; round < 8; round += 1) {
    const worker = new Worker(code, { eval: true, workerData: { path: PACKAGE, print } });
    t.after(() => worker.terminate());
    await once(worker, 'message');
    await worker.terminate();
  }
  let told = 0;
  const provider = Credential.ExternalCredentialsProvider.builder()
    .withProcessCommand(print)
    .withCredentialUpdateCallback(() => void (told += 1))
    .build();
  assert.equal((await provider.getCredentials()).accessKeyId, 'i');
  assert.equal(told, 1);
});

test('what nobody holds any more is freed, with the provider behind it', async () => {
  const { stdout, stderr } = await run(process.execPath, [
    '--expose-gc',
    '-e',
    `const Credential = require(${JSON.stringify(PACKAGE)});
     const argument = ${sts.port};
     ${OVER}
     const refs = [];
     async function use() {
       const base = { getCredentials: async () => ({ accessKeyId: 'i', accessKeySecret: 's' }), getProviderName: () => 'mine' };
       const role = over(base);
       const clients = [new Credential(null, base), new Credential(null, role)];
       for (const client of clients) await client.getCredential();
       const { ExternalCredentialsProvider: External } = Credential;
       const external = External.builder().withProcessCommand('false').withCredentialUpdateCallback(() => {}).build();
       refs.push(...[base, role, external, ...clients].map((object) => new WeakRef(object)));
     }
     const left = () => refs.filter((ref) => ref.deref()).length;
     (async () => {
       for (let i = 0; i < 20; i += 1) await use();
       for (let turn = 0; turn < 100 && left() > 0; turn += 1) {
         await new Promise(setImmediate);
         gc();
       }
       process.stdout.write(String(left()));
     })();`,
  ]);
  assert.equal(stdout, '0', stderr);
});

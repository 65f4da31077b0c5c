'use strict';

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { inspect } = require('node:util');
const { CANARY, SECRET } = require('./secrets.js');
const { roleAt } = require('./support.js');
const { serve } = require('./sts.js');
const Credential = require('../../node');
const { codeOf } = require('../../node/lib/errors.js');
const { kinds } = require('../../node/native.js');

/** Kinds and codes are for ever: callers switch on them. */
const CODES = {
  invalid_config: 'ERR_ALIYUN_CRED_INVALID_CONFIG',
  not_configured: 'ERR_ALIYUN_CRED_NOT_CONFIGURED',
  disabled: 'ERR_ALIYUN_CRED_DISABLED',
  io: 'ERR_ALIYUN_CRED_IO',
  malformed_file: 'ERR_ALIYUN_CRED_MALFORMED_FILE',
  denied: 'ERR_ALIYUN_CRED_DENIED',
  throttled: 'ERR_ALIYUN_CRED_THROTTLED',
  unavailable: 'ERR_ALIYUN_CRED_UNAVAILABLE',
  timeout: 'ERR_ALIYUN_CRED_TIMEOUT',
  tls: 'ERR_ALIYUN_CRED_TLS',
  malformed_reply: 'ERR_ALIYUN_CRED_MALFORMED_REPLY',
  expired: 'ERR_ALIYUN_CRED_EXPIRED',
  login_required: 'ERR_ALIYUN_CRED_LOGIN_REQUIRED',
  command: 'ERR_ALIYUN_CRED_COMMAND',
  cancelled: 'ERR_ALIYUN_CRED_CANCELLED',
  recursion: 'ERR_ALIYUN_CRED_RECURSION',
  internal: 'ERR_ALIYUN_CRED_INTERNAL',
};

test('every kind has its code', () => {
  assert.deepEqual(Object.fromEntries(kinds().map((kind) => [kind, codeOf(kind)])), CODES);
});

test('the declarations list the same codes', () => {
  const { readFileSync } = require('node:fs');
  const declared = readFileSync(require.resolve('../../node/index.d.ts'), 'utf8').match(/\| 'ERR_ALIYUN_CRED_\w+'/g);
  assert.deepEqual(
    declared.map((line) => line.slice(3, -1)),
    Object.values(CODES),
  );
});

test('a chain that finds nothing lists its attempts', async () => {
  const error = await new Credential().getCredential().catch((caught) => caught);
  assert.ok(error instanceof Error);
  assert.equal(error.name, 'Error');
  assert.equal(error.code, 'ERR_ALIYUN_CRED_NOT_CONFIGURED');
  assert.match(error.message, /^unable to get credentials from any of the providers in the chain: /);
  assert.deepEqual(Object.keys(error), ['code', 'attempts']);
  assert.equal(error.attempts[0].provider, 'env');
  for (const attempt of error.attempts) {
    assert.deepEqual(Object.keys(attempt), ['provider', 'kind', 'message']);
    assert.ok(attempt.kind in CODES, attempt.kind);
    assert.ok(error.message.includes(attempt.provider) && attempt.message !== '', attempt.provider);
  }
  assert.match(error.stack, /errors\.test\.js/, 'the stack does not lead to the caller');
});

let sts;
before(async () => {
  sts = await serve();
});
after(() => sts.close());

test("a refusal carries the service's details and no secret", async () => {
  const Message = `no permission for ${SECRET}`;
  sts.refusal = [403, { Code: 'NoPermission', Message, RequestId: 'R-403', Secret: SECRET }];
  const client = new Credential(roleAt(sts.port));
  const error = await client.getCredential().catch((caught) => caught);
  const { code, serviceCode, requestId, statusCode, attempts } = error;
  assert.deepEqual(
    { code, serviceCode, requestId, statusCode, attempts },
    { code: CODES.denied, serviceCode: 'NoPermission', requestId: 'R-403', statusCode: 403, attempts: [] },
  );
  assert.match(error.message, /NoPermission/);
  for (const text of [inspect(error, { showHidden: true, depth: null }), JSON.stringify(error), error.stack]) {
    assert.ok(!text.includes(CANARY), 'a secret shows');
  }
  sts.refusal = undefined;
});

test('callers that share a failure each get an error of their own', async () => {
  sts.refusal = [500, {}];
  const client = new Credential(roleAt(sts.port));
  const before = sts.requests;
  const [one, other] = await Promise.all([1, 2].map(() => client.getCredential().catch((error) => error)));
  assert.deepEqual([one.code, other.code], [CODES.unavailable, CODES.unavailable]);
  assert.notEqual(one, other);
  assert.equal(one.message, other.message);
  assert.equal(sts.requests, before + 1);
  sts.refusal = undefined;
  assert.equal((await client.getCredential()).accessKeyId, `STS.${sts.requests}`, 'the next call does not try again');
});

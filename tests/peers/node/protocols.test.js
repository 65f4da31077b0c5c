'use strict';

// SDKs with a protocol of their own, through `aliyun-cred/adapters`.

const assert = require('node:assert/strict');
const { beforeEach, test } = require('node:test');
const { BEARER_TOKEN } = require('../../node/secrets.js');
const { Credential, KEY, adapters, emulator, peer, record, requests, reset, roleClient } = require('./support.js');
const { assertSignedBy, log, oss1, oss4, roa } = require('./signatures.js');

const BUCKETS = '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult></ListBucketResult>';
const BEARER = { type: 'bearer', bearerToken: BEARER_TOKEN };

beforeEach(reset);

/** Each makes, with `client`, what sends one request to `recorder`. */
const PEERS = {
  '@alicloud/log': {
    signature: log,
    make(client, recorder) {
      const Log = peer('@alicloud/log');
      const sls = new Log({ ...adapters.log(client), endpoint: `http://${recorder.host}` });
      // No project: it would be part of the host's name.
      return () => sls.listLogStore(undefined, { logstoreName: 'a', offset: 0, size: 10 });
    },
  },
  '@alicloud/pop-core ROAClient': {
    signature: roa,
    make(client, recorder) {
      const { ROAClient } = peer('@alicloud/pop-core');
      const options = { endpoint: `http://${recorder.host}`, apiVersion: '2015-12-15' };
      const roaClient = new ROAClient({ ...adapters.popCore(client), ...options });
      return () => roaClient.get('/clusters', { page: '1' });
    },
  },
  'ali-oss': {
    signature: oss1('bucket'),
    answer: [BUCKETS, 'application/xml'],
    make: (client, recorder) => oss(client, recorder, { authorizationV4: false }),
  },
  'ali-oss, version 4': {
    signature: oss4('bucket'),
    answer: [BUCKETS, 'application/xml'],
    make: (client, recorder) => oss(client, recorder, { authorizationV4: true }),
  },
};

async function oss(client, recorder, options) {
  const OSS = peer('ali-oss');
  const endpoint = `http://${recorder.host}`;
  const more = { region: 'oss-cn-hangzhou', bucket: 'bucket', endpoint, cname: true, ...options };
  const bucket = new OSS({ ...(await adapters.aliOss(client)), ...more });
  return () => bucket.head('object');
}

for (const [name, { signature, answer, make }] of Object.entries(PEERS)) {
  test(`${name}: each request is signed with one credential, the one that is current`, async () => {
    const recorder = await record(answer);
    const client = roleClient();
    const send = await make(client, recorder);
    const used = [];
    for (let call = 0; call < 3; call += 1) {
      if (call === 2) client.invalidate();
      await send();
      used.push(await client.getCredential());
    }
    await recorder.close();
    assert.equal(recorder.requests.length, 3);
    for (const [index, request] of recorder.requests.entries()) assertSignedBy(used[index], signature(request));
    assert.equal(used[0], used[1]);
    assert.notEqual(used[1].accessKeyId, used[2].accessKeyId);
    assert.equal((await requests('AssumeRole')).length, 2);
  });

  test(`${name}: while credentials change, none is mixed from two`, async () => {
    const recorder = await record(answer);
    const client = roleClient();
    const send = await make(client, recorder);
    const known = new Map();
    for (let round = 0; round < 10; round += 1) {
      client.invalidate();
      const under = Array.from({ length: 5 }, () => send());
      const credential = await client.getCredential();
      known.set(credential.accessKeyId, credential);
      await Promise.all(under);
    }
    await recorder.close();
    assert.equal(recorder.requests.length, 50);
    for (const request of recorder.requests) {
      const signed = signature(request);
      assertSignedBy(known.get(signed.accessKeyId), signed);
    }
  });

  test(`${name}: a long-lived key`, async () => {
    const recorder = await record(answer);
    const client = new Credential({ type: 'access_key', accessKeyId: KEY.id, accessKeySecret: KEY.secret });
    await (
      await make(client, recorder)
    )();
    await recorder.close();
    assert.equal(recorder.requests.length, 1);
    assertSignedBy(await client.getCredential(), signature(recorder.requests[0]));
  });

  test(`${name}: a bearer token is refused, and nothing is sent`, async () => {
    const recorder = await record(answer);
    const send = async () => (await make(new Credential(BEARER), recorder))();
    await assert.rejects(send(), { code: 'ERR_ALIYUN_CRED_INVALID_CONFIG' });
    await recorder.close();
    assert.equal(recorder.requests.length, 0);
  });
}

test('@alicloud/pop-core RPCClient: the emulator verifies what it signs', async () => {
  const RPCClient = peer('@alicloud/pop-core');
  const client = roleClient();
  const options = { endpoint: emulator.sts_https, apiVersion: '2015-04-01' };
  const rpc = new RPCClient({ ...adapters.popCore(client), ...options });
  const used = [];
  for (const method of ['GET', 'POST', 'GET']) {
    const { Arn } = await rpc.request('GetCallerIdentity', {}, { method });
    assert.equal(Arn, 'acs:ram::1000000000000001:assumed-role/peer/peer');
    used.push((await client.getCredential()).accessKeyId);
    if (used.length === 2) client.invalidate();
  }
  rpc.keepAliveAgent.destroy();
  const seen = await requests('GetCallerIdentity');
  assert.deepEqual(
    seen.map(({ access_key_id, signature }) => [access_key_id, signature]),
    used.map((id) => [id, 'v1']),
  );
  assert.equal(new Set(used).size, 2);
});

test('ali-oss: a signed URL, after the credential has changed', async () => {
  const client = roleClient();
  const OSS = peer('ali-oss');
  const bucket = new OSS({ ...(await adapters.aliOss(client)), region: 'oss-cn-hangzhou', bucket: 'bucket' });
  client.invalidate();
  const url = new URL(await bucket.asyncSignatureUrl('object'));
  const { accessKeyId, securityToken } = await client.getCredential();
  assert.equal(url.searchParams.get('OSSAccessKeyId'), accessKeyId);
  assert.ok(url.searchParams.get('security-token') === securityToken, 'the token differs');
  client.invalidate();
  Object.assign(bucket.options, await bucket.options.refreshSTSToken());
  const later = new URL(await bucket.signatureUrlV4('GET', 60, {}, 'object'));
  const current = await client.getCredential();
  assert.equal(later.searchParams.get('x-oss-credential').split('/')[0], current.accessKeyId);
  assert.ok(later.searchParams.get('x-oss-security-token') === current.securityToken, 'the token differs');
  assert.equal((await requests('AssumeRole')).length, 3);
});

test('adapters from an ES module', async () => {
  const path = require('node:url').pathToFileURL(require.resolve('../../../node/adapters.js')).href;
  const { aliOss, log: forLog, popCore } = await import(path);
  assert.deepEqual(
    [aliOss, forLog, popCore].map((adapter) => typeof adapter),
    ['function', 'function', 'function'],
  );
});

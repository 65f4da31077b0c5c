'use strict';

// SDKs that take a client as it is: what is generated on @alicloud/openapi-core and on @alicloud/openapi-client, and
// the gateway that signs for some of them. The emulator verifies their signatures.

const assert = require('node:assert/strict');
const { beforeEach, test } = require('node:test');
const { BEARER_TOKEN } = require('../../node/secrets.js');
const { Credential, KEY, emulator, inItsPlace, peer, record, requests, reset, roleClient } = require('./support.js');
const { assertSignedBy, pop, v3 } = require('./signatures.js');

const { Config: CoreConfig } = peer('@alicloud/openapi-core').$OpenApiUtil;
const { Config: ClientConfig } = peer('@alicloud/openapi-client');

/** Generated SDKs, what their options are made with, and which version of the signature they use. */
const STS = {
  '@alicloud/openapi-core': [peer('@alicloud/sts20150401').default, CoreConfig, 'v3'],
  '@alicloud/openapi-client': [peer('sts-with-openapi-client').default, ClientConfig, 'v1'],
};
const endpoint = emulator.sts_https.replace('https://', '');
const ARN = 'acs:ram::1000000000000001:assumed-role/peer/peer';

beforeEach(reset);

for (const [core, [Sts, Config, version]] of Object.entries(STS)) {
  test(`${core}: every request carries the credential that is current`, async () => {
    const credential = roleClient();
    const sts = new Sts(new Config({ credential, endpoint }));
    const used = [];
    for (const step of ['first', 'second', 'after a rotation']) {
      if (step === 'after a rotation') credential.invalidate();
      const { body } = await sts.getCallerIdentity();
      assert.equal(body.arn, ARN);
      used.push((await credential.getCredential()).accessKeyId);
    }
    assert.equal(used[0], used[1]);
    assert.notEqual(used[1], used[2]);
    const seen = await requests('GetCallerIdentity');
    assert.deepEqual(
      seen.map(({ access_key_id, identity, signature, via }) => [access_key_id, identity, signature, via]),
      used.map((id) => [id, ARN, version, 'https']),
    );
    assert.equal((await requests('AssumeRole')).length, 2);
    // Where the credential came from, as the official client says it too.
    assert.equal(seen[0].headers['x-acs-credentials-provider'], 'ram_role_arn/static_ak');
  });

  test(`${core}: many requests at once share one credential`, async () => {
    const sts = new Sts(new Config({ credential: roleClient(), endpoint }));
    await Promise.all(Array.from({ length: 20 }, () => sts.getCallerIdentity()));
    const seen = await requests('GetCallerIdentity');
    assert.equal(seen.length, 20);
    assert.equal(new Set(seen.map((request) => request.access_key_id)).size, 1);
    assert.ok(seen.every((request) => request.identity === ARN));
    assert.equal((await requests('AssumeRole')).length, 1);
  });

  test(`${core}: why there is no credential is what the caller is told`, async () => {
    const credential = new Credential({
      type: 'ram_role_arn',
      accessKeyId: KEY.id,
      accessKeySecret: `${KEY.secret}-wrong`,
      roleArn: 'acs:ram::1000000000000001:role/peer',
      stsEndpoint: emulator.sts_http,
    });
    const failure = await new Sts(new Config({ credential, endpoint })).getCallerIdentity().catch((error) => error);
    assert.equal(failure.code, 'ERR_ALIYUN_CRED_DENIED');
    assert.ok(!failure.message.includes(KEY.secret), 'a secret shows');
    assert.equal((await requests('GetCallerIdentity')).length, 0);
  });

  test(`${core}: a key among the options`, async () => {
    const sts = new Sts(new Config({ accessKeyId: KEY.id, accessKeySecret: KEY.secret, endpoint }));
    const { body } = await sts.getCallerIdentity();
    assert.equal(body.arn, 'acs:ram::1000000000000001:user/alice');
    // The SDK has made a client of its own of it; whose that is, is the point of being in its place.
    assert.equal(sts._credential instanceof Credential, inItsPlace);
    assert.equal(sts._credential.getType(), 'access_key');
  });

  test(`${core}: a session among the options`, async () => {
    const { accessKeyId, accessKeySecret, securityToken } = await roleClient().getCredential();
    const sts = new Sts(new Config({ accessKeyId, accessKeySecret, securityToken, endpoint }));
    const { body } = await sts.getCallerIdentity();
    assert.equal(body.arn, ARN);
    assert.equal(sts._credential.getType(), 'sts');
  });
}

test('a bearer token', async () => {
  const recorder = await record();
  const credential = new Credential({ type: 'bearer', bearerToken: BEARER_TOKEN });
  for (const [Sts, Config] of Object.values(STS)) {
    await new Sts(new Config({ credential, endpoint: recorder.host, protocol: 'http' })).getCallerIdentity();
  }
  await recorder.close();
  assert.equal(recorder.requests.length, 2);
  for (const { url, headers } of recorder.requests) {
    const found = headers['x-acs-bearer-token'] ?? new URLSearchParams(url.split('?')[1]).get('BearerToken');
    assert.ok(found === BEARER_TOKEN, 'the token differs');
  }
});

test('@alicloud/ram20150501: signed with the credential that is current', async () => {
  const { default: Ram, GetUserRequest } = peer('@alicloud/ram20150501');
  const recorder = await record();
  const credential = roleClient();
  const ram = new Ram(new CoreConfig({ credential, endpoint: recorder.host, protocol: 'http' }));
  const used = [];
  for (let call = 0; call < 2; call += 1) {
    await ram.getUser(new GetUserRequest({ userName: 'alice' }));
    used.push(await credential.getCredential());
    credential.invalidate();
  }
  await recorder.close();
  assert.equal(recorder.requests.length, 2);
  for (const [index, request] of recorder.requests.entries()) assertSignedBy(used[index], v3(request));
  assert.notEqual(used[0].accessKeyId, used[1].accessKeyId);
});

const GATEWAYS = {
  '@alicloud/openapi-core': [peer('@alicloud/openapi-core').default, peer('@alicloud/openapi-core').$OpenApiUtil],
  '@alicloud/openapi-client': [peer('@alicloud/openapi-client').default, peer('@alicloud/openapi-client')],
};

for (const [core, [Client, models]] of Object.entries(GATEWAYS)) {
  test(`@alicloud/gateway-pop under ${core}`, async () => {
    const { default: Gateway } = peer('@alicloud/gateway-pop');
    const { RuntimeOptions } = core.endsWith('core') ? peer('@darabonba/typescript') : peer('@alicloud/tea-util');
    const recorder = await record();
    const credential = roleClient();
    const { Config } = models;
    const client = new Client(new Config({ credential, endpoint: recorder.host, protocol: 'http' }));
    client.setGatewayClient(new Gateway());
    client._productId = 'things';
    const params = new models.Params({
      action: 'GetThings',
      version: '2020-01-01',
      protocol: 'HTTP',
      pathname: '/things',
      method: 'GET',
      authType: 'AK',
      style: 'ROA',
      reqBodyType: 'json',
      bodyType: 'json',
    });
    const used = [];
    const call = async () => {
      const request = new models.OpenApiRequest({ query: { page: '1', name: 'a b' } });
      used.push(await credential.getCredential());
      await client.execute(params, request, new RuntimeOptions({}));
    };
    await call();
    credential.invalidate();
    await call();
    // It asks for one field after the other: now the credential changes before each but the first.
    for (const name of ['getAccessKeySecret', 'getSecurityToken']) {
      credential[name] = async () => {
        credential.invalidate();
        await credential.getCredential();
        return Credential.prototype[name].call(credential);
      };
    }
    await call();
    await recorder.close();
    assert.equal(recorder.requests.length, 3);
    for (const [index, request] of recorder.requests.entries()) assertSignedBy(used[index], pop(request));
    assert.equal(new Set(used.map((model) => model.accessKeyId)).size, 2);
    assert.notEqual((await credential.getCredential()).accessKeyId, used[2].accessKeyId);
  });
}

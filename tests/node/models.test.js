'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { format, inspect } = require('node:util');
const { BEARER_TOKEN, CANARY, SECRET, TOKEN } = require('./secrets.js');
require('./support.js');
const Credential = require('../../node');

const { Config, CredentialModel } = Credential;

/** Properties that programs may rely on, in the order of `toMap()`. */
const CONFIG_PROPERTIES = [
  'type',
  'accessKeyId',
  'accessKeySecret',
  'securityToken',
  'bearerToken',
  'durationSeconds',
  'roleArn',
  'policy',
  'roleSessionExpiration',
  'roleSessionName',
  'externalId',
  'stsEndpoint',
  'stsRegionId',
  'enableVpc',
  'oidcProviderArn',
  'oidcTokenFilePath',
  'publicKeyId',
  'privateKeyFile',
  'privateKey',
  'roleName',
  'enableIMDSv2',
  'disableIMDSv1',
  'metadataTokenDuration',
  'asyncCredentialUpdateEnabled',
  'credentialsURI',
  'timeout',
  'connectTimeout',
  'proxy',
];
const MODEL_PROPERTIES = ['accessKeyId', 'accessKeySecret', 'securityToken', 'bearerToken', 'type', 'providerName'];

/** Everything that a careless program prints of a value. */
function printed(value) {
  return [
    inspect(value),
    inspect(value, { showHidden: true, depth: null }),
    inspect({ deep: [value] }),
    format('%s %o', value, value),
    `${value}`,
    JSON.stringify(value),
    JSON.stringify({ value }),
  ].join('\n');
}

test('Config copies what it knows, and maps it', () => {
  const config = new Config({
    type: 'sts',
    timeout: 5,
    enableVpc: false,
    accessKeyId: '',
    policy: null,
    roleArn: undefined,
    other: 1,
  });
  assert.deepEqual({ ...config }, { type: 'sts', timeout: 5, enableVpc: false, accessKeyId: '' });
  assert.deepEqual(config.toMap(), { type: 'sts', readTimeout: 5, enableVpc: false, accessKeyId: '' });
  assert.deepEqual({ ...new Config() }, {});
  assert.deepEqual({ ...new Config(null) }, {});
  assert.deepEqual(Object.keys(Config.names()), Object.keys(Config.types()));
  const known = Object.keys(Config.names()).filter((property) => CONFIG_PROPERTIES.includes(property));
  assert.deepEqual(known, CONFIG_PROPERTIES);
  const renamed = Object.entries(Config.names()).filter(([property, key]) => property !== key);
  assert.deepEqual(renamed, [['timeout', 'readTimeout']]);
});

test('every property of Config reaches the core, and every wrong type is refused by its name', () => {
  const wrong = { string: 1, number: '1', boolean: 'true' };
  for (const [property, type] of Object.entries(Config.types())) {
    // `type` is looked at last, so that this fails for the property alone.
    const refused = [
      wrong[type],
      {},
      [],
      Symbol('x'),
      () => 1,
      1n,
      ...(type === 'number' ? [1.5, NaN, Infinity, 2 ** 60] : []),
    ];
    for (const value of refused) {
      assert.throws(
        () => new Credential({ [property]: value }),
        {
          name: 'Error',
          code: 'ERR_ALIYUN_CRED_INVALID_CONFIG',
          message: new RegExp(`'${property}' must be `),
        },
        `${property}: ${typeof value}`,
      );
    }
    const right = { string: 'x', number: 1, boolean: true }[type];
    assert.throws(
      () => new Credential({ [property]: right }),
      (error) => !error.message.includes(`'${property}'`),
      property,
    );
  }
});

test('properties that are no option are ignored, accessors of a class are read', () => {
  class Mine {
    get type() {
      return 'bearer';
    }
    get bearerToken() {
      return 'token';
    }
  }
  const client = new Credential(Object.assign(new Mine(), { unknown: Symbol('x') }));
  assert.equal(client.getBearerToken(), 'token');
});

test("construction fails with Node's texts", () => {
  for (const [config, message] of [
    [{}, 'Missing required type option'],
    [{ type: 'bearer' }, 'Missing required bearerToken option in config for bearer'],
    [{ type: 'access_key' }, 'the access key id is empty'],
    [{ type: 'nonsense' }, /^Invalid type option, support: /],
  ]) {
    assert.throws(() => new Credential(config), { message, code: 'ERR_ALIYUN_CRED_INVALID_CONFIG', attempts: [] });
  }
});

test('no configuration is the default chain', () => {
  assert.equal(new Credential().getType(), 'default');
  assert.equal(new Credential(null).getType(), 'default');
});

test('an AccessKey pair', async () => {
  const client = new Credential({ type: 'access_key', accessKeyId: 'id', accessKeySecret: 'secret' });
  const model = await client.getCredential();
  assert.ok(model instanceof CredentialModel);
  assert.deepEqual(model.toMap(), {
    accessKeyId: 'id',
    accessKeySecret: 'secret',
    type: 'access_key',
    providerName: 'static_ak',
  });
  assert.deepEqual(Object.keys(model), ['accessKeyId', 'accessKeySecret', 'type', 'providerName']);
  assert.equal(model.expiration, undefined);
  assert.equal(await client.getCredential(), model, 'not cached');
  assert.throws(() => {
    model.accessKeyId = 'poison';
  }, TypeError);
  assert.equal(await client.getAccessKeyId(), 'id');
  assert.equal(await client.getAccessKeySecret(), 'secret');
  assert.equal(await client.getSecurityToken(), undefined);
  assert.equal(client.getBearerToken(), undefined);
  assert.equal(client.getType(), 'access_key');
});

test('an STS triple', async () => {
  const config = new Config({ type: 'sts', accessKeyId: 'id', accessKeySecret: 'secret', securityToken: 'token' });
  const { accessKeyId, accessKeySecret, securityToken, type, providerName } = await new Credential(
    config,
  ).getCredential();
  assert.deepEqual(
    [accessKeyId, accessKeySecret, securityToken, type, providerName],
    ['id', 'secret', 'token', 'sts', 'static_sts'],
  );
});

test('a bearer token has empty strings where there is no key', async () => {
  const client = new Credential({ type: 'bearer', bearerToken: 'token' });
  assert.equal(client.getBearerToken(), 'token');
  const model = await client.getCredential();
  assert.deepEqual(
    { ...model },
    { accessKeyId: '', accessKeySecret: '', securityToken: '', bearerToken: 'token', type: 'bearer' },
  );
  assert.equal(await client.getAccessKeyId(), '');
  assert.equal(await client.getAccessKeySecret(), '');
  assert.equal(await client.getSecurityToken(), '');
});

test('CredentialModel', () => {
  const model = new CredentialModel({ accessKeyId: 'id', securityToken: null, other: 1 });
  assert.deepEqual({ ...model }, { accessKeyId: 'id' });
  model.type = 'mine';
  assert.deepEqual(model.toMap(), { accessKeyId: 'id', type: 'mine' });
  assert.deepEqual(Object.keys(CredentialModel.names()), MODEL_PROPERTIES);
  assert.deepEqual(Object.keys(CredentialModel.types()), MODEL_PROPERTIES);
  assert.deepEqual({ ...new CredentialModel() }, {});
});

test('the client has the shape that its users know', () => {
  assert.equal(Credential.names, undefined);
  assert.equal(Credential.types, undefined);
  const AsyncFunction = (async () => {}).constructor;
  for (const name of ['getCredential', 'getAccessKeyId', 'getAccessKeySecret', 'getSecurityToken']) {
    assert.ok(Credential.prototype[name] instanceof AsyncFunction, name);
  }
  const client = new Credential();
  assert.equal(client.credential, client);
});

test('nothing that is printed shows a secret', async () => {
  const secrets = { accessKeySecret: SECRET, securityToken: TOKEN };
  const addresses = { credentialsURI: `http://user:${SECRET}@127.0.0.1/`, proxy: `http://user:${SECRET}@127.0.0.1/` };
  const config = new Config({
    type: 'sts',
    accessKeyId: 'visible',
    ...secrets,
    bearerToken: BEARER_TOKEN,
    ...addresses,
  });
  const client = new Credential(config);
  const model = await client.getCredential();
  const bearer = await new Credential({ type: 'bearer', bearerToken: BEARER_TOKEN }).getCredential();
  for (const value of [config, client, model, bearer, new CredentialModel(config)]) {
    assert.ok(!printed(value).includes(CANARY), `a secret of ${value.constructor.name} shows`);
  }
  assert.match(inspect(config), /^Config \{[^]*accessKeyId: 'visible',[^]*accessKeySecret: '\*\*\*'/);
  assert.match(inspect(model), /^CredentialModel \{[^]*accessKeyId: 'visible',[^]*securityToken: '\*\*\*'/);
  assert.equal(inspect(client), "Credential { type: 'sts' }");
  assert.equal(JSON.stringify(client), '{"type":"sts"}');
  assert.ok(model.toMap().securityToken === secrets.securityToken, 'differs');
  assert.ok(config.toMap().accessKeySecret === secrets.accessKeySecret, 'differs');
});

test('a secret in the wrong option does not show', () => {
  for (const pasted of [SECRET, TOKEN, BEARER_TOKEN]) {
    for (const property of ['type', 'privateKeyFile', 'oidcTokenFilePath', 'caFile', 'secretName']) {
      const shown = printed(new Config({ [property]: pasted }));
      assert.ok(!shown.includes(CANARY), `${property} shows`);
      assert.ok(shown.includes(`<${pasted.length} characters>`));
      assert.ok(!printed(new Config({ [property]: [pasted] })).includes(CANARY), `${property} shows`);
    }
  }
  const paths = { oidcTokenFilePath: '/run/token', privateKeyFile: '~/key', caFile: './ca.pem' };
  assert.deepEqual(new Config(paths).toJSON(), paths);
  const types =
    'access_key sts bearer ecs_ram_role ram_role_arn rsa_key_pair oidc_role_arn credentials_uri kms_secret'.split(' ');
  for (const type of types) assert.deepEqual(new Config({ type }).toJSON(), { type });
});

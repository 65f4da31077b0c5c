'use strict';

const assert = require('node:assert/strict');
const { mkdirSync, writeFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { once } = require('node:events');
const { join } = require('node:path');
const { after, before, beforeEach, test } = require('node:test');
const { inspect } = require('node:util');
const {
  ACCESS_TOKEN,
  CANARY,
  OIDC_TOKEN,
  REFRESH_TOKEN,
  SECRET,
  TOKEN,
  issuedSecret,
  issuedToken,
} = require('./secrets.js');
const { folder, later, withEnvironment } = require('./support.js');
const Credential = require('../../node');

/** class -> its name as a source, and its builder's methods. */
const CLASSES = {
  DefaultCredentialsProvider: ['default', []],
  EnvironmentVariableCredentialsProvider: ['env', []],
  LegacyEnvironmentVariableCredentialsProvider: ['env_legacy', []],
  OSSEnvironmentVariableCredentialsProvider: ['env_oss', []],
  TerraformEnvironmentVariableCredentialsProvider: ['env_terraform', []],
  OSSProfileCredentialsProvider: ['oss_profile', ['ProfileName']],
  StaticAKCredentialsProvider: ['static_ak', ['AccessKeyId', 'AccessKeySecret']],
  StaticSTSCredentialsProvider: ['static_sts', ['AccessKeyId', 'AccessKeySecret', 'SecurityToken']],
  RAMRoleARNCredentialsProvider: [
    'ram_role_arn/static_ak',
    [
      ...['CredentialsProvider', 'RoleArn', 'StsRegionId', 'StsEndpoint', 'RoleSessionName', 'Policy', 'ExternalId'],
      ...['DurationSeconds', 'EnableVpc', 'ReadTimeout', 'ConnectTimeout'],
    ],
  ],
  OIDCRoleArnCredentialsProvider: [
    'oidc_role_arn',
    [
      ...['OIDCProviderArn', 'OIDCTokenFilePath', 'RoleArn', 'RoleSessionName', 'DurationSeconds', 'StsEndpoint'],
      ...['StsRegionId', 'Policy', 'EnableVpc', 'ReadTimeout', 'ConnectTimeout'],
    ],
  ],
  ECSRAMRoleCredentialsProvider: [
    'ecs_ram_role',
    ['RoleName', 'DisableIMDSv1', 'ReadTimeout', 'ConnectTimeout', 'AsyncCredentialUpdateEnabled'],
  ],
  KMSSecretCredentialsProvider: [
    'kms_secret',
    [
      ...['CredentialsProvider', 'SecretName', 'KmsRegionId', 'KmsEndpoint', 'EnableVpc', 'CaFile'],
      ...['ReadTimeout', 'ConnectTimeout'],
    ],
  ],
  URICredentialsProvider: ['credential_uri', ['CredentialsURI', 'ReadTimeout', 'ConnectTimeout']],
  CLIProfileCredentialsProvider: ['cli_profile', ['ProfileName']],
  ProfileCredentialsProvider: ['profile', ['ProfileName']],
  CloudSSOCredentialsProvider: [
    'cloud_sso',
    [
      ...['SignInUrl', 'AccountId', 'AccessConfig', 'AccessToken', 'AccessTokenExpire'],
      ...['ReadTimeout', 'ConnectTimeout'],
    ],
  ],
  OAuthCredentialsProvider: [
    'oauth',
    [
      ...['ClientId', 'SignInUrl', 'RefreshToken', 'AccessToken', 'AccessTokenExpire'],
      ...['ReadTimeout', 'ConnectTimeout', 'TokenUpdateCallback'],
    ],
  ],
  ExternalCredentialsProvider: ['external', ['ProcessCommand', 'Timeout', 'CredentialUpdateCallback']],
};

const KEY = { accessKeyId: 'LTAItest', accessKeySecret: SECRET };
const ROLE = 'acs:ram::1000000000000001:role/reader';

/** Builds a provider: `{ RoleArn: x }` -> `.withRoleArn(x)`. */
function build(name, settings = {}) {
  const builder = Credential[name].builder();
  for (const [setting, value] of Object.entries(settings)) {
    assert.equal(builder[`with${setting}`](value), builder, setting);
  }
  return builder.build();
}

const pair = () =>
  build('StaticAKCredentialsProvider', { AccessKeyId: KEY.accessKeyId, AccessKeySecret: KEY.accessKeySecret });

/** What the service under test has been asked: `{ method, path, body, headers }`. */
let asked;
/** How it answers: a function of that. */
let answer;
let server;
let address;

before(async () => {
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const question = { method: request.method, path: request.url, headers: request.headers, body };
    asked.push(question);
    const [status, reply] = await answer(question);
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(typeof reply === 'string' ? reply : JSON.stringify(reply));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `http://127.0.0.1:${server.address().port}`;
});

beforeEach(() => {
  asked = [];
});

after(() => {
  server.closeAllConnections();
  server.close();
});

const END = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000);

/** A credential as STS and its like spell it. */
const ISSUED = {
  AccessKeyId: 'STS.issued',
  AccessKeySecret: issuedSecret(1),
  SecurityToken: issuedToken(1),
  Expiration: END.toISOString().replace('.000Z', 'Z'),
};

function assertIssued(credentials, providerName) {
  assert.equal(credentials.accessKeyId, 'STS.issued');
  assert.ok(credentials.accessKeySecret === ISSUED.AccessKeySecret, 'the secret differs');
  assert.ok(credentials.securityToken === ISSUED.SecurityToken, 'the token differs');
  assert.equal(credentials.providerName, providerName);
}

test('every class has its builder', () => {
  for (const [name, [, methods]] of Object.entries(CLASSES)) {
    const builder = Credential[name].builder();
    assert.equal(Credential[name].name, name);
    const expected = [...methods.map((method) => `with${method}`), 'build'].sort();
    const found = Object.keys(builder).concat('build').sort();
    assert.deepEqual(found, expected, name);
    assert.equal(typeof builder.build, 'function');
    assert.ok(!inspect(builder, { showHidden: true }).includes('with'), 'a builder shows what it holds');
  }
});

test('the names of sources, and nothing else, show', () => {
  const now = Math.floor(Date.now() / 1000);
  const settings = {
    StaticAKCredentialsProvider: { AccessKeyId: 'i', AccessKeySecret: SECRET },
    StaticSTSCredentialsProvider: { AccessKeyId: 'i', AccessKeySecret: SECRET, SecurityToken: TOKEN },
    RAMRoleARNCredentialsProvider: { CredentialsProvider: pair(), RoleArn: ROLE, StsEndpoint: address },
    OIDCRoleArnCredentialsProvider: { OIDCProviderArn: 'p', OIDCTokenFilePath: '/token', RoleArn: ROLE },
    URICredentialsProvider: { CredentialsURI: `http://user:${SECRET}@127.0.0.1/` },
    CloudSSOCredentialsProvider: {
      SignInUrl: address,
      AccountId: 'a',
      AccessConfig: 'c',
      AccessToken: ACCESS_TOKEN,
      AccessTokenExpire: now + 3600,
    },
    OAuthCredentialsProvider: {
      ClientId: 'c',
      SignInUrl: address,
      RefreshToken: REFRESH_TOKEN,
      AccessToken: ACCESS_TOKEN,
    },
    ExternalCredentialsProvider: { ProcessCommand: `echo ${SECRET}` },
    KMSSecretCredentialsProvider: { SecretName: SECRET, KmsRegionId: 'cn-hangzhou' },
  };
  withEnvironment({ ALIBABA_CLOUD_ECS_METADATA_DISABLED: undefined }, () => {
    for (const [name, [source]] of Object.entries(CLASSES)) {
      const provider = build(name, settings[name]);
      assert.equal(provider.getProviderName(), source);
      assert.equal(inspect(provider, { showHidden: true }), `${name} { providerName: '${source}' }`);
      assert.equal(JSON.stringify(provider), `{"providerName":"${source}"}`);
      assert.equal(typeof provider.close, name === 'ECSRAMRoleCredentialsProvider' ? 'function' : 'undefined');
      const builder = Credential[name].builder();
      for (const [setting, value] of Object.entries(settings[name] ?? {})) builder[`with${setting}`](value);
      assert.ok(!(inspect(builder, { showHidden: true }) + JSON.stringify(builder)).includes(CANARY), 'a secret shows');
    }
  });
});

test("building fails with Node's texts", () => {
  const cases = [
    ['StaticAKCredentialsProvider', {}, 'the access key id is empty'],
    ['StaticAKCredentialsProvider', { AccessKeyId: 'i' }, 'the access key secret is empty'],
    ['StaticSTSCredentialsProvider', { AccessKeyId: 'i', AccessKeySecret: 's' }, 'the security token is empty'],
    ['RAMRoleARNCredentialsProvider', {}, 'must specify a previous credentials provider to asssume role'],
    ['RAMRoleARNCredentialsProvider', { CredentialsProvider: pair() }, 'the RoleArn is empty'],
    [
      'RAMRoleARNCredentialsProvider',
      { CredentialsProvider: pair(), RoleArn: ROLE, DurationSeconds: 899 },
      'session duration should be in the range of 900s - max session duration',
    ],
    [
      'RAMRoleARNCredentialsProvider',
      { CredentialsProvider: {} },
      'a provider must have both getCredentials() and getProviderName()',
    ],
    ['OIDCRoleArnCredentialsProvider', {}, 'roleArn does not exist and env ALIBABA_CLOUD_ROLE_ARN is null.'],
    [
      'OIDCRoleArnCredentialsProvider',
      { RoleArn: ROLE },
      'oidcProviderArn does not exist and env ALIBABA_CLOUD_OIDC_PROVIDER_ARN is null.',
    ],
    [
      'OIDCRoleArnCredentialsProvider',
      { RoleArn: ROLE, OIDCProviderArn: 'p' },
      'oidcTokenFilePath is not exists and env ALIBABA_CLOUD_OIDC_TOKEN_FILE is null.',
    ],
    ['KMSSecretCredentialsProvider', {}, 'secret_name is empty'],
    ['OAuthCredentialsProvider', {}, 'the clientId is empty'],
    ['OAuthCredentialsProvider', { ClientId: 'c' }, 'the url for sign-in is empty'],
    ['OAuthCredentialsProvider', { TokenUpdateCallback: 'no function' }, 'the callback for updates must be a function'],
    ['ExternalCredentialsProvider', {}, 'process_command is empty'],
    ['ExternalCredentialsProvider', { ProcessCommand: 'x', Timeout: '1' }, /'timeout' must be /],
    ['URICredentialsProvider', { CredentialsURI: 3 }, /'credentialsURI' must be /],
  ];
  for (const [name, settings, message] of cases) {
    assert.throws(
      () => build(name, settings),
      { name: 'Error', code: 'ERR_ALIYUN_CRED_INVALID_CONFIG', message, attempts: [] },
      `${name} ${Object.keys(settings)}`,
    );
  }
  const disabled = { code: 'ERR_ALIYUN_CRED_DISABLED', message: 'IMDS credentials is disabled' };
  assert.throws(() => build('ECSRAMRoleCredentialsProvider'), disabled);
});

test('what is undefined or null was not said', async () => {
  const builder = Credential.StaticAKCredentialsProvider.builder().withAccessKeyId('wrong').withAccessKeySecret('s');
  assert.throws(() => builder.withAccessKeyId(undefined).build(), { message: 'the access key id is empty' });
  assert.throws(() => builder.withAccessKeyId(null).build(), { message: 'the access key id is empty' });
  assert.equal((await builder.withAccessKeyId('right').build().getCredentials()).accessKeyId, 'right');
});

test('static credentials', async () => {
  const provider = pair();
  const found = await provider.getCredentials();
  const { accessKeyId, accessKeySecret, securityToken, providerName } = found;
  assert.ok(accessKeySecret === KEY.accessKeySecret, 'differs');
  assert.deepEqual([accessKeyId, securityToken, providerName], [KEY.accessKeyId, undefined, 'static_ak']);
  assert.equal(await provider.getCredentials(), found, 'not cached');
  const triple = build('StaticSTSCredentialsProvider', {
    AccessKeyId: 'STS.issued',
    AccessKeySecret: ISSUED.AccessKeySecret,
    SecurityToken: ISSUED.SecurityToken,
  });
  assertIssued(await triple.getCredentials(), 'static_sts');
});

test('a secret of KMS, read by the default chain or by another provider', async () => {
  answer = () => [200, { SecretData: JSON.stringify({ AccessKeyId: 'LTAIrotated', AccessKeySecret: SECRET }) }];
  const settings = { SecretName: 'app/key', KmsEndpoint: address };
  const found = await build('KMSSecretCredentialsProvider', {
    ...settings,
    CredentialsProvider: pair(),
  }).getCredentials();
  assert.ok(found.accessKeySecret === SECRET, 'differs');
  assert.deepEqual([found.accessKeyId, found.providerName], ['LTAIrotated', 'kms_secret/static_ak']);
  await withEnvironment(
    { ALIBABA_CLOUD_ACCESS_KEY_ID: KEY.accessKeyId, ALIBABA_CLOUD_ACCESS_KEY_SECRET: KEY.accessKeySecret },
    async () => {
      const chained = await build('KMSSecretCredentialsProvider', settings).getCredentials();
      assert.equal(chained.providerName, 'kms_secret/default/env');
    },
  );
});

test('the environment, alone and in the default chain', () =>
  withEnvironment(
    {
      ALIBABA_CLOUD_ACCESS_KEY_ID: 'STS.issued',
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: ISSUED.AccessKeySecret,
      ALIBABA_CLOUD_SECURITY_TOKEN: ISSUED.SecurityToken,
    },
    async () => {
      assertIssued(await build('EnvironmentVariableCredentialsProvider').getCredentials(), 'env');
      assertIssued(await build('DefaultCredentialsProvider').getCredentials(), 'default/env');
    },
  ));

test('a role on top of a role, each with its own settings', async () => {
  answer = ({ body }) => [
    200,
    { Credentials: { ...ISSUED, AccessKeyId: new URLSearchParams(body).get('ExternalId') } },
  ];
  const role = (base, ExternalId) =>
    build('RAMRoleARNCredentialsProvider', {
      CredentialsProvider: base,
      RoleArn: ROLE,
      StsEndpoint: address,
      RoleSessionName: `session-${ExternalId}`,
      Policy: '{}',
      DurationSeconds: 900,
      EnableVpc: true,
      ExternalId,
      ReadTimeout: 5000,
      ConnectTimeout: 5000,
    });
  const top = role(role(pair(), 'inner'), 'outer');
  assert.equal(top.getProviderName(), 'ram_role_arn/ram_role_arn/static_ak');
  const found = await top.getCredentials();
  assert.deepEqual([found.accessKeyId, found.providerName], ['outer', 'ram_role_arn/ram_role_arn/static_ak']);
  assert.equal(found.expiration.getTime(), END.getTime());
  const sent = asked.map(({ path, body }) => new URLSearchParams(`${path.split('?')[1]}&${body}`));
  assert.deepEqual(
    sent.map((one) => ['AccessKeyId', 'RoleSessionName', 'DurationSeconds', 'Policy'].map((name) => one.get(name))),
    [
      [KEY.accessKeyId, 'session-inner', '900', '{}'],
      ['inner', 'session-outer', '900', '{}'],
    ],
  );
  assert.ok(sent[1].get('SecurityToken') === ISSUED.SecurityToken, 'differs');
  top.invalidate();
  await top.getCredentials();
  assert.equal(asked.length, 3, 'the inner role was still good');
});

test('an OIDC token', async () => {
  const token = join(folder(), 'token');
  writeFileSync(token, OIDC_TOKEN);
  answer = () => [200, { Credentials: ISSUED }];
  const provider = build('OIDCRoleArnCredentialsProvider', {
    OIDCProviderArn: 'acs:ram::1000000000000001:oidc-provider/p',
    OIDCTokenFilePath: token,
    RoleArn: ROLE,
    StsEndpoint: address,
    RoleSessionName: 'mine',
  });
  assertIssued(await provider.getCredentials(), 'oidc_role_arn');
  const [{ path, body }] = asked;
  const sent = new URLSearchParams(`${path.split('?')[1]}&${body}`);
  assert.equal(sent.get('RoleSessionName'), 'mine');
  assert.ok(sent.get('OIDCToken') === OIDC_TOKEN, 'differs');
});

/** A metadata service that issues credentials which end at `end`. */
function metadata(end) {
  return ({ method, path }) => {
    if (method === 'PUT') return [200, 'metadata-token'];
    const Expiration = new Date(end()).toISOString().replace(/\.\d+Z/, 'Z');
    return [200, path.endsWith('/') ? 'discovered' : { ...ISSUED, Expiration, Code: 'Success' }];
  };
}

test('an instance', () =>
  withEnvironment(
    { ALIBABA_CLOUD_ECS_METADATA_DISABLED: undefined, ALIBABA_CLOUD_ECS_METADATA_ENDPOINT: address },
    async () => {
      answer = metadata(() => END);
      const provider = build('ECSRAMRoleCredentialsProvider', { ReadTimeout: 5000, ConnectTimeout: 5000 });
      assertIssued(await provider.getCredentials(), 'ecs_ram_role');
      assert.ok(asked.at(-1).path.endsWith('/discovered'));
      const requests = asked.length;
      await provider.getCredentials();
      assert.equal(asked.length, requests, 'not cached');
      provider.close();
      provider.close();
      assertIssued(await provider.getCredentials(), 'ecs_ram_role');
      assert.equal(asked.length, 2 * requests);
      const named = build('ECSRAMRoleCredentialsProvider', { RoleName: 'mine', DisableIMDSv1: true });
      assertIssued(await named.getCredentials(), 'ecs_ram_role');
      assert.ok(asked.at(-1).path.endsWith('/mine'));
    },
  ));

test('close() ends the timer of an instance', () =>
  withEnvironment(
    { ALIBABA_CLOUD_ECS_METADATA_DISABLED: undefined, ALIBABA_CLOUD_ECS_METADATA_ENDPOINT: address },
    async () => {
      const issued = { kept: 0, closed: 0 };
      const renewed = later();
      const service = metadata(() => Date.now() + 4000);
      answer = (question) => {
        const role = question.path.split('/').at(-1);
        if (role in issued) issued[role] += 1;
        if (issued.kept === 3) renewed.resolve();
        return service(question);
      };
      const [kept, closed] = ['kept', 'closed'].map((RoleName) => build('ECSRAMRoleCredentialsProvider', { RoleName }));
      await Promise.all([kept, closed].map((provider) => provider.getCredentials()));
      closed.close();
      // Timers alone keep no process.
      const anchor = setInterval(() => {}, 1000);
      await renewed.promise;
      clearInterval(anchor);
      assert.equal(issued.closed, 1);
      kept.close();
    },
  ));

test('a credentials URI', async () => {
  answer = () => [200, { ...ISSUED, Code: 'Success' }];
  const provider = build('URICredentialsProvider', { CredentialsURI: `${address}/credentials?a=b` });
  assertIssued(await provider.getCredentials(), 'credential_uri');
  assert.equal(asked[0].path, '/credentials?a=b');
});

test('profiles of both files, by name', () => {
  const HOME = folder();
  mkdirSync(join(HOME, '.aliyun'));
  mkdirSync(join(HOME, '.alibabacloud'));
  const profile = (name) => ({ name, mode: 'AK', access_key_id: name, access_key_secret: SECRET });
  writeFileSync(
    join(HOME, '.aliyun', 'config.json'),
    JSON.stringify({ current: 'first', profiles: [profile('first'), profile('second')] }),
  );
  writeFileSync(
    join(HOME, '.alibabacloud', 'credentials.ini'),
    ['default', 'other']
      .map((name) => `[${name}]\ntype = access_key\naccess_key_id = ${name}\naccess_key_secret = ${SECRET}\n`)
      .join(''),
  );
  mkdirSync(join(HOME, '.oss'));
  writeFileSync(
    join(HOME, '.oss', 'credentials'),
    ['default', 'other'].map((name) => `[${name}]\naccess_key_id = ${name}\naccess_key_secret = ${SECRET}\n`).join(''),
  );
  return withEnvironment({ HOME }, async () => {
    for (const [name, ProfileName, id, providerName] of [
      ['CLIProfileCredentialsProvider', undefined, 'first', 'cli_profile/static_ak'],
      ['CLIProfileCredentialsProvider', 'second', 'second', 'cli_profile/static_ak'],
      ['ProfileCredentialsProvider', undefined, 'default', 'profile/static_ak'],
      ['ProfileCredentialsProvider', 'other', 'other', 'profile/static_ak'],
      ['OSSProfileCredentialsProvider', undefined, 'default', 'oss_profile/static_ak'],
      ['OSSProfileCredentialsProvider', 'other', 'other', 'oss_profile/static_ak'],
    ]) {
      const found = await build(name, { ProfileName }).getCredentials();
      assert.deepEqual([found.accessKeyId, found.providerName], [id, providerName]);
    }
  });
});

test('a CloudSSO session', async () => {
  answer = () => [200, { CloudCredential: ISSUED, RequestId: 'R' }];
  const provider = build('CloudSSOCredentialsProvider', {
    SignInUrl: address,
    AccountId: 'account',
    AccessConfig: 'access',
    AccessToken: ACCESS_TOKEN,
    AccessTokenExpire: Math.floor(Date.now() / 1000) + 3600,
  });
  assertIssued(await provider.getCredentials(), 'cloud_sso');
  assert.equal(asked[0].method, 'POST');
  assert.match(asked[0].body, /account/);
});

/** An OAuth service: a new pair of tokens, then a credential for them. */
function oauth({ path }) {
  if (path.includes('/v1/token')) {
    const tokens = { access_token: `${ACCESS_TOKEN}2`, refresh_token: `${REFRESH_TOKEN}2`, expires_in: 7200 };
    return [200, tokens];
  }
  const { AccessKeyId: accessKeyId, AccessKeySecret: accessKeySecret, SecurityToken: securityToken } = ISSUED;
  return [200, { accessKeyId, accessKeySecret, securityToken, expiration: ISSUED.Expiration }];
}

const session = (callback) =>
  build('OAuthCredentialsProvider', {
    ClientId: 'client',
    SignInUrl: address,
    RefreshToken: `${REFRESH_TOKEN}1`,
    TokenUpdateCallback: callback,
  });

test('an OAuth session tells of its tokens before it gives a credential', async () => {
  answer = oauth;
  const told = [];
  const first = later();
  const provider = session(async (...update) => {
    told.push(update);
    if (told.length === 1) await first.promise;
  });
  const pending = provider.getCredentials();
  while (told.length === 0) await new Promise(setImmediate);
  assert.equal(asked.length, 1, 'it goes on before the new token is safe');
  first.resolve();
  assertIssued(await pending, 'oauth');
  assert.equal(asked.length, 2);
  const tokens = [`${REFRESH_TOKEN}2`, `${ACCESS_TOKEN}2`];
  const [before, issued] = told;
  assert.equal(told.length, 2);
  for (const update of told)
    assert.ok(
      tokens.every((token, index) => update[index] === token),
      'tokens differ',
    );
  assert.deepEqual([...before.slice(2, 5), before[6]], [undefined, undefined, undefined, 0]);
  assert.ok(before[5] > Date.now() / 1000);
  assert.equal(issued[2], 'STS.issued');
  assert.ok(issued[3] === ISSUED.AccessKeySecret && issued[4] === ISSUED.SecurityToken, 'differs');
  assert.equal(issued[6], END.getTime() / 1000);
});

test('a callback that fails costs nobody the credential, and shows nothing', async () => {
  answer = oauth;
  const warnings = [];
  const warned = later();
  const listener = (warning) => {
    warnings.push(`${warning.name} ${warning.message}`);
    if (warnings.length === 2) warned.resolve();
  };
  process.on('warning', listener);
  const provider = session((...update) => {
    throw new TypeError(`cannot write ${update[0]}`);
  });
  assertIssued(await provider.getCredentials(), 'oauth');
  await warned.promise;
  process.off('warning', listener);
  for (const warning of warnings) {
    assert.match(warning, /^AliyunCredWarning the callback for updates failed \(TypeError\)/);
    assert.ok(!warning.includes(CANARY), 'a secret shows');
  }
});

test('a callback that asks the client that waits for it is told so', async () => {
  answer = oauth;
  const errors = [];
  const provider = session(async () => {
    await provider.getCredentials().catch((error) => errors.push(error.code));
  });
  assertIssued(await provider.getCredentials(), 'oauth');
  assert.deepEqual(errors, ['ERR_ALIYUN_CRED_RECURSION', 'ERR_ALIYUN_CRED_RECURSION']);
});

test('a command tells of every new credential', async () => {
  const file = join(folder(), 'credential.json');
  const print = (id) => {
    const printed = { mode: 'StsToken', access_key_id: id, access_key_secret: SECRET, sts_token: TOKEN };
    writeFileSync(file, JSON.stringify({ ...printed, expiration: ISSUED.Expiration }));
  };
  const told = [];
  const provider = build('ExternalCredentialsProvider', {
    ProcessCommand: `cat '${file}'`,
    Timeout: 30_000,
    CredentialUpdateCallback: (...update) => void told.push(update),
  });
  print('one');
  assert.equal((await provider.getCredentials()).accessKeyId, 'one');
  assert.equal((await provider.getCredentials()).accessKeyId, 'one');
  print('two');
  provider.invalidate();
  assert.equal((await provider.getCredentials()).accessKeyId, 'two');
  assert.deepEqual(
    told.map(([id, , , expiration]) => [id, expiration]),
    [
      ['one', END.getTime() / 1000],
      ['two', END.getTime() / 1000],
    ],
  );
  assert.ok(
    told.every(([, secret, token]) => secret === SECRET && token === TOKEN),
    'differs',
  );
});

test('a client of one of these shares its credential and its refresh', async () => {
  answer = () => [200, { Credentials: ISSUED }];
  const provider = build('RAMRoleARNCredentialsProvider', {
    CredentialsProvider: pair(),
    RoleArn: ROLE,
    StsEndpoint: address,
  });
  const [one, other] = [new Credential(null, provider), new Credential({ type: 'bearer' }, provider)];
  const found = await Promise.all([provider.getCredentials(), one.getCredential(), other.getCredential()]);
  for (const model of found) assertIssued(model, 'ram_role_arn/static_ak');
  assert.equal(one.getType(), 'ram_role_arn');
  assert.equal(asked.length, 1);
  one.invalidate();
  assertIssued(await other.getCredential(), 'ram_role_arn/static_ak');
  assertIssued(one.getCredentialSync(), 'ram_role_arn/static_ak');
  assert.equal(asked.length, 2);
});

test('a subclass, and a method replaced for a test, are asked in place of the source', async () => {
  class Mine extends Credential.StaticAKCredentialsProvider {
    async getCredentials() {
      return { ...(await super.getCredentials()), accessKeyId: 'mine' };
    }
  }
  const mine = Mine.builder().withAccessKeyId('i').withAccessKeySecret('s').build();
  assert.ok(mine instanceof Mine);
  assert.equal((await new Credential(null, mine).getCredential()).accessKeyId, 'mine');
  const replaced = pair();
  replaced.getCredentials = async () => ({ accessKeyId: 'fake', accessKeySecret: 's' });
  assert.equal((await new Credential(null, replaced).getCredential()).accessKeyId, 'fake');
  answer = ({ path, body }) => [
    200,
    {
      Credentials: { ...ISSUED, AccessKeyId: new URLSearchParams(`${path.split('?')[1]}&${body}`).get('AccessKeyId') },
    },
  ];
  const role = (base) =>
    build('RAMRoleARNCredentialsProvider', { CredentialsProvider: base, RoleArn: ROLE, StsEndpoint: address });
  assert.equal((await role(mine).getCredentials()).accessKeyId, 'mine');
  assert.equal((await role(replaced).getCredentials()).accessKeyId, 'fake');
});

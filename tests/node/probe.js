'use strict';

// The scenarios' probe: `node probe.js <folder> <calls>`. Makes a client from `<folder>/config.json`, or of the default
// chain, asks it `<calls>` times, and writes what came back to `<folder>/result.json`. To standard error goes what a
// careless user would print, so that the runner finds any secret in it.

const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { inspect } = require('node:util');
const Credential = require('../../node');

const FIELDS = {
  access_key_id: 'accessKeyId',
  access_key_secret: 'accessKeySecret',
  security_token: 'securityToken',
  bearer_token: 'bearerToken',
  type: 'type',
  provider_name: 'providerName',
};

/** The properties that do not follow from their names in snake case. */
const IRREGULAR = {
  enable_imds_v2: 'enableIMDSv2',
  disable_imds_v1: 'disableIMDSv1',
  credentials_uri: 'credentialsURI',
};

function propertyOf(option) {
  return IRREGULAR[option] ?? option.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
}

function print(...values) {
  for (const value of values) {
    process.stderr.write(`${inspect(value, { depth: null, showHidden: true })}\n${JSON.stringify(value)}\n${value}\n`);
  }
}

function describe(error) {
  print(error);
  return {
    kind: error.code.replace(/^ERR_ALIYUN_CRED_/, '').toLowerCase(),
    message: error.message,
    code: error.serviceCode ?? null,
    request_id: error.requestId ?? null,
    http_status: error.statusCode ?? null,
    attempts: error.attempts.map(({ provider, kind, message }) => ({ provider, kind, message })),
  };
}

async function main(folder, calls) {
  const result = { construction_error: null, outcomes: [] };
  let client;
  try {
    const file = join(folder, 'config.json');
    let config;
    if (existsSync(file)) {
      const options = Object.entries(JSON.parse(readFileSync(file, 'utf8')));
      config = new Credential.Config(Object.fromEntries(options.map(([name, value]) => [propertyOf(name), value])));
      print(config);
    }
    client = new Credential(config);
    print(client);
  } catch (error) {
    result.construction_error = describe(error);
  }
  for (let call = 0; client && call < calls; call += 1) {
    try {
      const model = await client.getCredential();
      print(model);
      const fields = Object.entries(FIELDS).map(([name, property]) => [name, model[property] ?? null]);
      result.outcomes.push({ credential: Object.fromEntries(fields) });
    } catch (error) {
      result.outcomes.push({ error: describe(error) });
    }
  }
  writeFileSync(join(folder, 'result.json'), JSON.stringify(result));
}

if (require.main === module) main(process.argv[2], Number(process.argv[3]));

module.exports = { propertyOf };

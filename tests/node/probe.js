'use strict';

// The scenarios' probe: `node probe.js <folder> <calls> <mode>`. Makes a client from `<folder>/config.json`, or of the
// default chain, asks it `<calls>` times, and writes what came back to `<folder>/result.json`. The mode is `ask`; or
// `explain` or `explain-rotate`, which ask for a report instead, whose text goes to standard output. To standard error
// goes what a careless user would print, so that the runner finds any secret in it. With `memory`, it waits while it
// holds a client, and once it has let go of everything.

const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { createInterface } = require('node:readline');
const { inspect } = require('node:util');
const Credential = require('../../node');
const { collect } = require('./collect.js');

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

function configuration(folder) {
  const file = join(folder, 'config.json');
  if (!existsSync(file)) return undefined;
  const options = Object.entries(JSON.parse(readFileSync(file, 'utf8')));
  return new Credential.Config(Object.fromEntries(options.map(([name, value]) => [propertyOf(name), value])));
}

/** Asks, and reads nothing of what it gets: that would be a copy of JavaScript's. */
async function hold(folder, calls, next) {
  let client;
  try {
    client = new Credential(configuration(folder));
  } catch {
    // Some scenarios cannot be configured.
  }
  let served = 0;
  for (let call = 0; client && call < calls; call++) {
    await client.getCredential().then(
      () => served++,
      () => {},
    );
  }
  console.log(`${served}\nheld`);
  await next();
}

async function remember(folder, calls) {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const next = () => lines.next();
  await hold(folder, calls, next);
  await collect();
  console.log('freed');
  await next();
  process.exit(0);
}

async function main(folder, calls, mode = 'ask') {
  if (mode === 'memory') return remember(folder, calls);
  const result = { construction_error: null };
  let client;
  try {
    const config = configuration(folder);
    if (config) print(config);
    client = new Credential(config);
    for (const kind of ['refreshed', 'refresh_failed', 'serving_expired', 'source_changed']) client.on(kind, print);
    print(client);
  } catch (error) {
    result.construction_error = describe(error);
  }
  if (mode.startsWith('explain')) result.report = client ? await report(client, mode === 'explain-rotate') : null;
  else {
    result.outcomes = client ? await outcomes(client, calls) : [];
    if (client) {
      const status = client.status();
      print(status);
      result.clock_offset = status.clockOffset / 1000;
    }
  }
  writeFileSync(join(folder, 'result.json'), JSON.stringify(result));
}

async function outcomes(client, calls) {
  const found = [];
  while (found.length < calls) {
    try {
      const model = await client.getCredential();
      print(model);
      const fields = Object.entries(FIELDS).map(([name, property]) => [name, model[property] ?? null]);
      found.push({ credential: Object.fromEntries(fields) });
    } catch (error) {
      found.push({ error: describe(error) });
    }
  }
  return found;
}

async function report(client, rotate) {
  const found = await client.explain({ all: rotate, rotate });
  print(found);
  process.stdout.write(String(found));
  return found;
}

if (require.main === module) main(process.argv[2], Number(process.argv[3]), process.argv[4]);

module.exports = { propertyOf };

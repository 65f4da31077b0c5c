'use strict';

// One package, one scenario: `node probe.js <official|ours> <folder> <calls>`. Writes what came out to
// `<folder>/result.json`, as differential.py compares it. `ADDRESSES` are the emulator's, `PEERS` has the official package.

const { createHash } = require('node:crypto');
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');
const { propertyOf } = require('../../node/probe.js');

const FIELDS = ['access_key_id', 'access_key_secret', 'security_token', 'bearer_token', 'type', 'provider_name'];
const SECRETS = new Set(['access_key_secret', 'security_token', 'bearer_token']);
/** What the emulator makes up, differently each time. */
const ISSUED = /^(STS\.N\w{20,}|TMPSK\.\w+)$/;

/**
 * Leads every request of this process to the emulator: the official package goes through no proxy, and trusts what
 * Node trusts. Anything else than loopback and the emulator is refused.
 */
function leadToTheEmulator(addresses) {
  for (const scheme of ['http', 'https']) {
    const module = require(`node:${scheme}`);
    const { request } = module;
    module.request = (options, ...rest) => {
      const host = options.hostname ?? options.host;
      if (/^(127\.\d+\.\d+\.\d+|localhost)$/.test(host)) return request(options, ...rest);
      const to = { https: addresses.sts_https, http: host === '100.100.100.200' && addresses.metadata }[scheme];
      if (!to) throw new Error('the test stays on loopback');
      const { hostname, port } = new URL(to);
      const headers = { host, ...options.headers };
      return request({ ...options, hostname, host: hostname, port, headers, rejectUnauthorized: false }, ...rest);
    };
  }
}

function packageNamed(name) {
  if (name === 'ours') return require('../../../node');
  leadToTheEmulator(JSON.parse(process.env.ADDRESSES));
  return createRequire(join(process.env.PEERS, 'program.js'))('@alicloud/credentials');
}

function fingerprint(name, value) {
  if (value === undefined || value === null || value === '') return null;
  if (ISSUED.test(value)) return 'issued';
  // Never a secret in a result.
  return SECRETS.has(name) ? `sha256 ${createHash('sha256').update(String(value)).digest('hex')}` : value;
}

const said = (error) => ({ error: { classes: ['Error'], text: String(error.message) } });

async function resolve({ default: Credential, Config }, folder, calls) {
  let client;
  try {
    const file = join(folder, 'config.json');
    const options = existsSync(file) && Object.entries(JSON.parse(readFileSync(file, 'utf8')));
    const config = options && Object.fromEntries(options.map(([name, value]) => [propertyOf(name), value]));
    client = new Credential(config ? new Config(config) : undefined);
  } catch (error) {
    return [{ construction: true, ...said(error) }];
  }
  const outcomes = [];
  for (let call = 0; call < calls; call += 1) {
    try {
      const model = await client.getCredential();
      const fields = Object.fromEntries(FIELDS.map((name) => [name, fingerprint(name, model[propertyOf(name)])]));
      if (fields.access_key_id === 'issued') for (const name of SECRETS) fields[name] &&= 'issued';
      outcomes.push(fields);
    } catch (error) {
      outcomes.push(said(error));
    }
  }
  return outcomes;
}

async function main(name, folder, calls) {
  const outcomes = await resolve(packageNamed(name), folder, calls);
  writeFileSync(join(folder, 'result.json'), JSON.stringify(outcomes));
  // The official package may keep its process alive.
  process.exit();
}

main(process.argv[2], process.argv[3], Number(process.argv[4]));

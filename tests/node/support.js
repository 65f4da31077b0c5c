'use strict';

// What the tests share. Requiring it gives the process a clean environment, so that nothing of this machine, and no
// proxy, comes between the library and the test's own server.

const { spawn } = require('node:child_process');
const { mkdirSync, mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join, resolve } = require('node:path');

const { SECRET } = require('./secrets.js');

const ROOT = resolve(__dirname, '..', '..');
const PACKAGE = join(ROOT, 'node');
/** Where everything that is installed for the tests lies. */
const BUILD = process.env.BUILD_DIR ?? join(ROOT, '.build');
const MODULES = join(BUILD, 'node', 'node_modules');

for (const name of Object.keys(process.env)) {
  if (/^(ALIBABA_?CLOUD_|ALIYUN_)|^(https?|no|all)_proxy$|^SSL_CERT_/i.test(name)) delete process.env[name];
}
// On a real instance, too, no test may ask its metadata service.
process.env.ALIBABA_CLOUD_ECS_METADATA_DISABLED = 'true';
/** The user's own, for the tools that keep things there. */
const { HOME } = process.env;
// The library warns of secrets that all users can read.
process.umask(0o077);
const scratch = mkdtempSync(join(tmpdir(), 'aliyun-cred-'));
process.env.HOME = join(scratch, 'home');
mkdirSync(process.env.HOME);
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** A new empty folder, gone when the process ends. */
function folder() {
  return mkdtempSync(join(scratch, 'test-'));
}

/** The options of a role that the server at `port` issues. */
function roleAt(port) {
  return {
    type: 'ram_role_arn',
    accessKeyId: 'LTAItest',
    accessKeySecret: SECRET,
    roleArn: 'acs:ram::1000000000000001:role/reader',
    stsEndpoint: `http://127.0.0.1:${port}`,
  };
}

/** A provider of the role that the server at `port` issues, assumed with what `base` gives. */
function roleWith(base, port) {
  // Not before it is used: some tests only need what is outside of the package.
  const { RAMRoleARNCredentialsProvider } = require('../../node');
  const { roleArn, stsEndpoint } = roleAt(port);
  return RAMRoleARNCredentialsProvider.builder()
    .withCredentialsProvider(base)
    .withRoleArn(roleArn)
    .withStsEndpoint(stsEndpoint)
    .build();
}

/** A custom provider whose `getCredentials` is `get`. */
const providerOf = (get, name = 'mine') => ({ getCredentials: get, getProviderName: () => name });

/** What the server's `refusal` can be: one that says a secret back. */
const REFUSAL = [403, { Code: 'NoPermission', Message: SECRET, RequestId: 'R-403' }];

/** Runs `body` with environment variables set, or unset where they are `undefined`. */
async function withEnvironment(variables, body) {
  const before = Object.fromEntries(Object.keys(variables).map((name) => [name, process.env[name]]));
  const assign = (values) => {
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  assign(variables);
  try {
    return await body();
  } finally {
    assign(before);
  }
}

/** A promise from outside: `{ promise, resolve }`. */
function later() {
  const made = {};
  made.promise = new Promise((settle) => {
    made.resolve = settle;
  });
  return made;
}

/** Runs a program to its end: `{ code, signal, stdout, stderr }`. It gets a line of input when `go` resolves. */
function run(program, args, { go, ...options } = {}) {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { stdio: [go ? 'pipe' : 'ignore', 'pipe', 'pipe'], ...options });
    go?.then(() => child.stdin.end('go\n'));
    const texts = { stdout: '', stderr: '' };
    for (const name of Object.keys(texts)) {
      child[name].setEncoding('utf8').on('data', (text) => {
        texts[name] += text;
      });
    }
    child.on('error', failed).on('close', (code, signal) => done({ code, signal, ...texts }));
  });
}

/** Runs JavaScript in a Node of its own; `Credential` and `roleAt` are there, and `argument` as `argument`. */
function runNode(code, argument, options) {
  const text =
    `const Credential = require(${JSON.stringify(PACKAGE)});` +
    `const { roleAt } = require(${JSON.stringify(__filename)});` +
    `const argument = ${JSON.stringify(argument ?? null)};${code}`;
  return run(process.execPath, ['-e', text], options);
}

module.exports = {
  BUILD,
  HOME,
  MODULES,
  PACKAGE,
  REFUSAL,
  ROOT,
  folder,
  later,
  providerOf,
  roleAt,
  roleWith,
  run,
  runNode,
  withEnvironment,
};

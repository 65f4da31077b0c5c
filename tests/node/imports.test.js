'use strict';

const assert = require('node:assert/strict');
const { symlinkSync, mkdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { before, test } = require('node:test');
const { MODULES, PACKAGE, folder, run } = require('./support.js');

/** A project that has the package installed. */
let project;

before(() => {
  project = folder();
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(PACKAGE, join(project, 'node_modules', 'aliyun-cred'), 'dir');
});

const CHECK = `
  const made = [Credential, Default, Star.default].map((Class) => new Class({ type: 'bearer', bearerToken: 't' }));
  if (!made.every((client) => client instanceof Credential && client.getType() === 'bearer')) throw new Error('client');
  if (!(new Config({ type: 'sts' }).type === 'sts' && Star.Config === Config)) throw new Error('Config');
  const { StaticAKCredentialsProvider: Provider } = Star;
  if (!(Provider.builder().withAccessKeyId('i').withAccessKeySecret('s').build() instanceof Provider)) throw new Error();
  if (!(new CredentialModel().toMap() && Star.CredentialModel === CredentialModel)) throw new Error('CredentialModel');
  process.stdout.write('ok');
`;

async function runs(file, text) {
  const path = join(project, file);
  writeFileSync(path, text);
  const { code, stdout, stderr } = await run(process.execPath, ['--preserve-symlinks', path]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, 'ok');
}

test('CommonJS', () =>
  runs(
    'plain.cjs',
    `const Credential = require('aliyun-cred');
     const Default = new (require('aliyun-cred'))({ type: 'bearer', bearerToken: 't' }).constructor;
     const Star = require('aliyun-cred');
     const { Config, CredentialModel, Credential: Named } = require('aliyun-cred');
     if (Named !== Credential || require('aliyun-cred').default !== Credential) throw new Error('named');
     new Credential.default();
     ${CHECK}`,
  ));

const MODULE = `
  import Credential from 'aliyun-cred';
  import { default as Default, Credential as Named, Config, CredentialModel } from 'aliyun-cred';
  import * as Star from 'aliyun-cred';
  if (Named !== Credential) throw new Error('named');
  new Credential.default();
  ${CHECK}`;

test('ES modules', () => runs('plain.mjs', MODULE));

test('both kinds of module share their classes', () =>
  runs(
    'both.mjs',
    `import { createRequire } from 'node:module';
     import Credential, { Config } from 'aliyun-cred';
     const required = createRequire(import.meta.url)('aliyun-cred');
     if (required === Credential && required.Config === Config) process.stdout.write('ok');`,
  ));

test('both kinds of module have the same names', () =>
  runs(
    'names.mjs',
    `import { createRequire } from 'node:module';
     import * as imported from 'aliyun-cred';
     const required = createRequire(import.meta.url)('aliyun-cred');
     const names = Object.keys(required).sort();
     if (names.join() !== Object.keys(imported).sort().join()) throw new Error(names.join());
     if (!names.every((name) => required[name] === imported[name])) throw new Error('differ');
     process.stdout.write('ok');`,
  ));

test('what Babel makes of an import', async () => {
  const { transformSync } = require(join(MODULES, '@babel', 'core'));
  const plugins = [require.resolve(join(MODULES, '@babel', 'plugin-transform-modules-commonjs'))];
  const { code } = transformSync(MODULE, { plugins, babelrc: false, configFile: false });
  assert.match(code, /require\(/);
  await runs('babel.cjs', code);
});

test('what TypeScript makes of an import, with and without its interop', async () => {
  const ts = require(join(MODULES, 'typescript'));
  for (const esModuleInterop of [true, false]) {
    const { outputText } = ts.transpileModule(MODULE, {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop },
    });
    assert.match(outputText, /require\(/);
    await runs(`typescript-${esModuleInterop}.cjs`, outputText);
  }
});

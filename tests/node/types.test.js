'use strict';

const assert = require('node:assert/strict');
const { copyFileSync, mkdirSync, symlinkSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { test } = require('node:test');
const { MODULES, PACKAGE, folder, run } = require('./support.js');

/** Compiles a file with `tsc --strict`; fails on any complaint, about our declarations too. */
async function compiles(name, text, compilerOptions, packages = ['@types']) {
  const project = folder();
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(PACKAGE, join(project, 'node_modules', 'aliyun-cred'), 'dir');
  for (const name of packages) symlinkSync(join(MODULES, name), join(project, 'node_modules', name), 'dir');
  if (text === undefined) copyFileSync(join(__dirname, 'fixtures', 'uses_everything.ts'), join(project, name));
  else writeFileSync(join(project, name), text);
  const options = { strict: true, noEmit: true, target: 'ES2022', lib: ['ES2022'], types: [], ...compilerOptions };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: [name] }));
  const tsc = join(MODULES, 'typescript', 'bin', 'tsc');
  const { code, stdout } = await run(process.execPath, [tsc, '-p', project]);
  assert.equal(code, 0, stdout);
}

const SETTINGS = [
  ['CommonJS', 'use.ts', { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true }],
  ['CommonJS without interop', 'use.ts', { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: false }],
  ["Node's CommonJS", 'use.cts', { module: 'node16', esModuleInterop: true }],
  ["Node's CommonJS without interop", 'use.cts', { module: 'node16', esModuleInterop: false }],
  ["Node's ES modules", 'use.mts', { module: 'nodenext' }],
  ['a bundler', 'use.ts', { module: 'esnext', moduleResolution: 'bundler' }],
];

for (const [name, file, settings] of SETTINGS) test(`types for ${name}`, () => compiles(file, undefined, settings));

test('the class by require, and a real AbortSignal', () =>
  compiles(
    'use.cts',
    `import Credential = require('aliyun-cred');
     const client: Credential = new Credential({ type: 'sts' });
     export const credential: Promise<Credential.CredentialModel> =
       client.getCredential({ signal: AbortSignal.timeout(1000) });`,
    { module: 'node16', types: ['node'] },
  ));

test("as the official SDK's own client of credentials, where it stands in for that", () =>
  compiles(
    'use.cts',
    `import * as $OpenApi from '@alicloud/openapi-client';
     import Credential from '@alicloud/credentials';
     import Ours = require('aliyun-cred');
     const config = new $OpenApi.Config({ endpoint: 'sts.aliyuncs.com' });
     config.credential = new Ours({ type: 'sts' });
     config.credential = new Credential(new Ours.Config({ type: 'sts' }), Ours.DefaultCredentialsProvider.builder().build());
     export const token: Promise<string> = config.credential.getSecurityToken();`,
    {
      module: 'node16',
      esModuleInterop: true,
      types: ['node'],
      // As an override in package.json does it.
      paths: {
        '@alicloud/credentials': [join(PACKAGE, 'index.d.ts')],
        '@alicloud/*': [join(MODULES, '@alicloud', '*')],
        '*': [join(MODULES, '*')],
      },
      // The declarations of the SDK's other packages are not ours to check.
      skipLibCheck: true,
    },
  ));

const ADAPTERS = `
  import Credential from 'aliyun-cred';
  import { aliOss, log, popCore } from 'aliyun-cred/adapters';
  const client = new Credential({ type: 'sts' });
  export const first: Promise<{ accessKeyId: string; stsToken?: string }> = aliOss(client);
  export const asked: Promise<{ accessKeySecret: string }> = log(client).credentialsProvider.getCredentials();
  export const { credentialsProvider } = popCore({ getCredential: () => client.getCredential() });`;

for (const [name, file, settings] of SETTINGS.filter(([, , { esModuleInterop }]) => esModuleInterop !== false)) {
  test(`types of the adapters for ${name}`, () => compiles(file, ADAPTERS, settings));
}

test("the plugins are of the bundlers' own types", () =>
  compiles(
    'use.mts',
    `import { esbuild, rollup, vite, webpack } from 'aliyun-cred/bundler';
     import type { BuildOptions } from 'esbuild';
     import type { RollupOptions } from 'rollup';
     import type { UserConfig } from 'vite';
     import type { Configuration } from 'webpack';
     export const plugins: [BuildOptions, RollupOptions, UserConfig, Configuration] =
       [{ plugins: [esbuild()] }, { plugins: [rollup()] }, { plugins: [vite()] }, { plugins: [webpack()] }];`,
    // The bundlers' declarations are not ours to check.
    { module: 'nodenext', types: ['node'], skipLibCheck: true },
    ['@types', 'esbuild', 'rollup', 'vite', 'webpack'],
  ));

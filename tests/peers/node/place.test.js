'use strict';

// Whose package the SDKs' own `require('@alicloud/credentials')` gets, and that a bundle of it runs.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { tmpdir } = require('node:os');
const { join, resolve } = require('node:path');
const { beforeEach, test } = require('node:test');
const { Credential, KEY, ROLE, emulator, inItsPlace, peer, requests, reset } = require('./support.js');

const PACKAGE = resolve(__dirname, '../../../node');
const SDKS = ['@alicloud/openapi-client', '@alicloud/openapi-core', '@alicloud/gateway-pop', '@alicloud/gateway-spi'];

beforeEach(reset);

for (const sdk of SDKS) {
  test(`${sdk} imports ${inItsPlace ? 'this' : 'the official'} package`, () => {
    const imported = createRequire(peer.resolve(sdk))('@alicloud/credentials');
    assert.equal(imported === Credential, inItsPlace);
    assert.equal(imported.default === Credential, inItsPlace);
  });
}

test('where it is in their place, the official one is nowhere', () => {
  const { packages } = JSON.parse(readFileSync(join(process.env.PEERS, 'package-lock.json'), 'utf8'));
  const found = Object.entries(packages).filter(([path]) => path.endsWith('node_modules/@alicloud/credentials'));
  assert.deepEqual(
    found.map(([path, { name, version }]) => [path, name ?? version]),
    [['node_modules/@alicloud/credentials', inItsPlace ? 'aliyun-cred' : '2.4.7']],
  );
});

// One folder has esbuild; which package the bundle takes is the other's matter.
test('a bundle of an SDK and this package runs, with the binary beside it', { skip: inItsPlace }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'aliyun-cred-'));
  try {
    const program = join(folder, 'program.js');
    writeFileSync(
      program,
      `import Credential from '@alicloud/credentials';
       import Sts from '@alicloud/sts20150401';
       import { $OpenApiUtil } from '@alicloud/openapi-core';
       const credential = new Credential(JSON.parse(process.env.OPTIONS));
       const endpoint = process.env.ENDPOINT;
       const sts = new Sts(new $OpenApiUtil.Config({ credential, endpoint }));
       sts.getCallerIdentity().then(({ body }) => console.log(body.arn));`,
    );
    const { platformName } = require(join(PACKAGE, 'lib', 'platform.js'));
    const name = `aliyun_cred.${platformName()}.node`;
    const outfile = join(folder, 'bundle', 'program.js');
    const built = await peer('esbuild').build({
      entryPoints: [program],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      alias: { '@alicloud/credentials': join(PACKAGE, 'index.js') },
      external: ['*.node'],
      nodePaths: [join(process.env.PEERS, 'node_modules')],
      logLevel: 'silent',
      metafile: true,
    });
    assert.ok(!Object.keys(built.metafile.inputs).some((file) => file.endsWith('.node')));
    copyFileSync(join(PACKAGE, name), join(folder, 'bundle', name));
    const env = {
      PATH: process.env.PATH,
      HOME: folder,
      NODE_EXTRA_CA_CERTS: emulator.ca,
      ENDPOINT: emulator.sts_https.replace('https://', ''),
      OPTIONS: JSON.stringify({
        type: 'ram_role_arn',
        accessKeyId: KEY.id,
        accessKeySecret: KEY.secret,
        roleArn: ROLE,
        roleSessionName: 'bundled',
        stsEndpoint: emulator.sts_http,
      }),
    };
    // Elsewhere, so that nothing of the sources is found.
    const ran = spawnSync(process.execPath, [outfile], { cwd: folder, env, encoding: 'utf8', timeout: 60_000 });
    assert.equal(ran.status, 0, ran.stderr);
    assert.equal(ran.stdout, 'acs:ram::1000000000000001:assumed-role/peer/bundled\n');
    assert.equal((await requests('GetCallerIdentity')).length, 1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

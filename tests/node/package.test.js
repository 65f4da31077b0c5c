'use strict';

const assert = require('node:assert/strict');
const {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} = require('node:fs');
const { join } = require('node:path');
const { test } = require('node:test');
const { BUILD, HOME, PACKAGE, ROOT, folder, run } = require('./support.js');
const { platformName } = require('../../node/lib/platform.js');

const BINARY = `aliyun_cred.${platformName()}.node`;

function npm(args, cwd) {
  const options = [
    '--no-audit',
    '--no-fund',
    '--no-update-notifier',
    '--offline',
    '--cache',
    folder(),
    '--loglevel',
    'error',
  ];
  return run('npm', [...args, ...options], { cwd, shell: process.platform === 'win32' });
}

test('the tarball works where it is installed', async () => {
  const project = folder();
  // Without its script: the library under test is the one that is built already.
  const packed = await npm(['pack', '--ignore-scripts', '--json', '--pack-destination', project], PACKAGE);
  assert.equal(packed.code, 0, packed.stderr);
  const [{ filename, files }] = JSON.parse(packed.stdout);
  const sources = readdirSync(join(PACKAGE, 'lib')).map((name) => `lib/${name}`);
  assert.deepEqual(
    files.map(({ path }) => path).sort(),
    [
      'LICENSE',
      'README.md',
      BINARY,
      'adapters.d.ts',
      'adapters.js',
      'bundler.d.ts',
      'bundler.js',
      'index.d.mts',
      'index.d.ts',
      'index.js',
      'index.mjs',
      'native.js',
      'package.json',
      ...sources,
    ].sort(),
  );
  writeFileSync(join(project, 'package.json'), '{"private": true}');
  const installed = await npm(['install', `./${filename}`], project);
  assert.equal(installed.code, 0, installed.stderr);
  const use = "new C({ type: 'bearer', bearerToken: 't' }).getCredential().then((m) => console.log(m.type));";
  for (const args of [
    ['-e', `const C = require('aliyun-cred'); ${use}`],
    ['--input-type=module', '-e', `import C from 'aliyun-cred'; ${use}`],
  ]) {
    const { code, stdout, stderr } = await run(process.execPath, args, { cwd: project });
    assert.equal(code, 0, stderr);
    assert.equal(stdout, 'bearer\n');
  }
});

test('the package depends on nothing and names no address', () => {
  const manifest = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'));
  for (const key of ['dependencies', 'optionalDependencies', 'peerDependencies'])
    assert.equal(manifest[key], undefined);
  assert.ok(!readFileSync(join(__dirname, 'package-lock.json'), 'utf8').includes('"resolved"'));
});

// A source archive is none. With REQUIRE_ALL=1 a test that would be skipped fails instead.
const NO_GIT = !existsSync(join(ROOT, '.git')) && process.env.REQUIRE_ALL !== '1' && 'this is not a git checkout';

test('a clone is usable where it lies, once it is built', { skip: NO_GIT }, async () => {
  // Always the same place: cargo keeps what it builds by the path of its sources.
  const clone = join(BUILD, 'node', 'clone');
  rmSync(clone, { recursive: true, force: true });
  const listed = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  assert.equal(listed.code, 0, listed.stderr);
  for (const file of listed.stdout.split('\0').filter((name) => name && existsSync(join(ROOT, name)))) {
    cpSync(join(ROOT, file), join(clone, file), { recursive: true });
  }
  const installed = await npm(['install'], join(clone, 'node'));
  assert.equal(installed.code, 0, installed.stderr);
  // What the dependencies were built to serves again; the release profile takes minutes.
  const env = {
    ...process.env,
    CARGO_TARGET_DIR: process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'),
    ALIYUN_CRED_PROFILE: 'dev',
  };
  const built = await run('npm', ['run', 'build', '--loglevel', 'error'], {
    cwd: join(clone, 'node'),
    env: { ...env, HOME },
  });
  assert.equal(built.code, 0, built.stderr);
  const use = `new (require(${JSON.stringify(join(clone, 'node'))}))({ type: 'bearer', bearerToken: 't' })`;
  const { code, stdout, stderr } = await run(process.execPath, ['-p', `${use}.getType()`], { cwd: folder() });
  assert.deepEqual([code, stdout], [0, 'bearer\n'], stderr);
});

/** A copy of the package without its library. */
function bare() {
  const copy = folder();
  for (const name of readdirSync(PACKAGE)) {
    if (!name.endsWith('.node')) cpSync(join(PACKAGE, name), join(copy, name), { recursive: true });
  }
  return copy;
}

function load(copy) {
  const code = `try { require(${JSON.stringify(copy)}); console.log('loaded'); }
    catch (error) { console.log(error.code); console.log(error.message); }`;
  return run(process.execPath, ['-e', code]).then(({ stdout }) => stdout);
}

test('a package without its library says what is missing', async () => {
  const copy = bare();
  const text = await load(copy);
  assert.match(text, /^MODULE_NOT_FOUND\naliyun-cred has no native library for /);
  const { version } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'));
  for (const part of [
    platformName(),
    join(copy, BINARY),
    `@aliyun-cred/${platformName()} is not installed`,
    `npm install @aliyun-cred/${platformName()}@${version}`,
    '--omit=optional',
    'lock file',
    'npm run build',
  ]) {
    assert.ok(text.includes(part), `${part} is missing from: ${text}`);
  }
});

test('a library that cannot be loaded is not taken for a missing one', async () => {
  const copy = bare();
  writeFileSync(join(copy, BINARY), 'rubbish');
  const text = await load(copy);
  assert.match(text, /^ERR_DLOPEN_FAILED\n/);
  assert.ok(text.includes(`${join(copy, BINARY)} cannot be loaded (`), text);
});

test('the library is found by its short name, and in a package for the platform', async () => {
  const short = bare();
  copyFileSync(join(PACKAGE, BINARY), join(short, 'aliyun_cred.node'));
  assert.equal(await load(short), 'loaded\n');

  const copy = bare();
  const packaged = join(copy, 'node_modules', '@aliyun-cred', platformName());
  mkdirSync(packaged, { recursive: true });
  writeFileSync(join(packaged, 'package.json'), '{"main": "it.node"}');
  symlinkSync(join(PACKAGE, BINARY), join(packaged, 'it.node'));
  assert.equal(await load(copy), 'loaded\n');
});

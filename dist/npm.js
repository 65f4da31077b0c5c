#!/usr/bin/env node
'use strict';

// Packs what goes to npm.
//
//   npm.js library TARGET FROM TO    FROM has aliyun_cred.node and THIRD-PARTY; the package @aliyun-cred/<platform> is
//                                    written to TO
//   npm.js command TARGET FROM TO    FROM has the command and THIRD-PARTY: the package @aliyun-cred/cli-<platform>
//   npm.js main TO                   the packages that users install, aliyun-cred and @aliyun-cred/cli: JavaScript only,
//                                    with the others as optional dependencies

const { execFileSync } = require('node:child_process');
const { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { join, resolve } = require('node:path');

const ROOT = resolve(__dirname, '..');
const MAIN = join(ROOT, 'node');
const COMMAND = join(ROOT, 'crates/aliyun-cred-cli');
const table = JSON.parse(readFileSync(join(__dirname, 'targets.json'), 'utf8')).targets;
const manifest = JSON.parse(readFileSync(join(MAIN, 'package.json'), 'utf8'));

const { version, license, repository, engines, keywords } = manifest;

/** What a platform's package has, by its kind: one native file, for the package that users install. */
const NATIVE = {
  library: {
    main: 'aliyun-cred',
    scope: '@aliyun-cred/',
    what: 'The native library of',
    built: () => 'aliyun_cred.node',
    placed: ({ platform }) => `aliyun_cred.${platform}.node`,
    // What a `require` of the package loads.
    fields: (file) => ({ main: file }),
  },
  command: {
    main: '@aliyun-cred/cli',
    scope: '@aliyun-cred/cli-',
    what: 'The binary of',
    built: ({ os }) => (os === 'win32' ? 'aliyun-cred.exe' : 'aliyun-cred'),
    placed: ({ os }) => (os === 'win32' ? 'aliyun-cred.exe' : 'aliyun-cred'),
    // Yarn would leave it in an archive, where it cannot be run.
    fields: () => ({ preferUnplugged: true }),
  },
};

/** Exactly their own version: the two halves speak to each other without a promise. */
function natives(kind) {
  return Object.fromEntries(table.map(({ npm }) => [`${NATIVE[kind].scope}${npm.platform}`, `=${version}`]));
}

/** Packs a folder that `fill` writes, and whose manifest it returns; the one file is named after the package. */
function pack(to, fill) {
  mkdirSync(join(ROOT, '.build'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, '.build', 'npm-'));
  try {
    writeFileSync(join(folder, 'package.json'), `${JSON.stringify(fill(folder), null, 2)}\n`);
    const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', resolve(to)];
    const options = { cwd: folder, encoding: 'utf8', shell: process.platform === 'win32' };
    const [{ filename }] = JSON.parse(execFileSync('npm', args, options));
    process.stdout.write(`${filename}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function platform(kind, target, from, folder) {
  const row = table.find((one) => one.target === target);
  const { platform: name, os, cpu, libc } = row.npm;
  const { main, scope, what, built, placed, fields } = NATIVE[kind];
  const file = placed(row.npm);
  copyFileSync(join(from, built(row.npm)), join(folder, file));
  copyFileSync(join(from, 'THIRD-PARTY'), join(folder, 'THIRD-PARTY'));
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  const text = [
    `# ${scope}${name}`,
    `${what} [${main}](https://www.npmjs.com/package/${main}) for ${row.name}.`,
    `Install \`${main}\`, which depends on it and on its like for other platforms; npm takes the one that fits.`,
  ];
  writeFileSync(join(folder, 'README.md'), `${text.join('\n\n')}\n`);
  return {
    name: `${scope}${name}`,
    version,
    description: `${what} ${main} for ${row.name}`,
    keywords,
    license,
    repository,
    engines,
    ...fields(file),
    files: [file, 'THIRD-PARTY'],
    os: [os],
    cpu: [cpu],
    ...(libc && { libc: [libc] }),
    publishConfig: { access: 'public' },
  };
}

function library(folder) {
  for (const name of ['README.md', 'LICENSE']) copyFileSync(join(MAIN, name), join(folder, name));
  const files = manifest.files.filter((name) => !name.endsWith('.node'));
  for (const name of files) cpSync(join(MAIN, name), join(folder, name), { recursive: true });
  const { scripts, ...published } = manifest;
  return { ...published, files, optionalDependencies: natives('library') };
}

function command(folder) {
  const files = ['cli/launcher.js', 'lib/platform.js'];
  for (const name of files) cpSync(join(MAIN, name), join(folder, name), { recursive: true });
  for (const name of ['README.md', 'LICENSE']) copyFileSync(join(COMMAND, name), join(folder, name));
  return {
    name: NATIVE.command.main,
    version,
    description: 'A command for Alibaba Cloud credentials: explain, list, get, exec, serve, whoami',
    keywords: [...keywords, 'cli'],
    license,
    repository: { ...repository, directory: 'crates/aliyun-cred-cli' },
    engines,
    bin: { 'aliyun-cred': files[0] },
    files,
    optionalDependencies: natives('command'),
    publishConfig: { access: 'public' },
  };
}

const [what, ...rest] = process.argv.slice(2);
const to = rest.at(-1);
if (what === 'main') for (const fill of [library, command]) pack(to, fill);
else if (what in NATIVE) pack(to, (folder) => platform(what, rest[0], rest[1], folder));
else throw new Error(`npm.js: library, command or main, not '${what}'`);

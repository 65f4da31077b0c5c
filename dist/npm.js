#!/usr/bin/env node
'use strict';

// Packs what goes to npm.
//
//   npm.js platform TARGET FROM TO    FROM has aliyun_cred.node and THIRD-PARTY; the package
//                                     @aliyun-cred/<platform> is written to TO
//   npm.js main TO                    the package aliyun-cred: JavaScript only, with the others as optional dependencies

const { execFileSync } = require('node:child_process');
const { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { join, resolve } = require('node:path');

const ROOT = resolve(__dirname, '..');
const MAIN = join(ROOT, 'node');
const table = JSON.parse(readFileSync(join(__dirname, 'targets.json'), 'utf8')).targets;
const manifest = JSON.parse(readFileSync(join(MAIN, 'package.json'), 'utf8'));

/** Packs a folder; its one file is named after the package. */
function pack(folder, to) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', resolve(to)];
  const options = { cwd: folder, encoding: 'utf8', shell: process.platform === 'win32' };
  const [{ filename }] = JSON.parse(execFileSync('npm', args, options));
  process.stdout.write(`${filename}\n`);
}

function write(folder, content) {
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(content, null, 2)}\n`);
}

function platform(target, from, folder) {
  const row = table.find((one) => one.target === target);
  const { platform: name, os, cpu, libc } = row.npm;
  const { version, license, repository, engines, keywords } = manifest;
  const file = `aliyun_cred.${name}.node`;
  write(folder, {
    name: `@aliyun-cred/${name}`,
    version,
    description: `The native library of aliyun-cred for ${row.name}`,
    keywords,
    license,
    repository,
    engines,
    main: file,
    files: [file, 'THIRD-PARTY'],
    os: [os],
    cpu: [cpu],
    ...(libc && { libc: [libc] }),
    publishConfig: { access: 'public' },
  });
  copyFileSync(join(from, 'aliyun_cred.node'), join(folder, file));
  copyFileSync(join(from, 'THIRD-PARTY'), join(folder, 'THIRD-PARTY'));
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  const text = [
    `# @aliyun-cred/${name}`,
    `The native library of [aliyun-cred](https://www.npmjs.com/package/aliyun-cred) for ${row.name}.`,
    'Install `aliyun-cred`, which depends on it and on its like for other platforms; npm takes the one that fits.',
  ];
  writeFileSync(join(folder, 'README.md'), `${text.join('\n\n')}\n`);
}

function main(folder) {
  for (const name of ['README.md', 'LICENSE']) copyFileSync(join(MAIN, name), join(folder, name));
  const files = manifest.files.filter((name) => !name.endsWith('.node'));
  for (const name of files) cpSync(join(MAIN, name), join(folder, name), { recursive: true });
  const { scripts, ...published } = manifest;
  // Exactly its own version: the two halves speak to each other without a promise.
  const natives = table.map(({ npm }) => [`@aliyun-cred/${npm.platform}`, `=${manifest.version}`]);
  write(folder, { ...published, files, optionalDependencies: Object.fromEntries(natives) });
}

const [what, ...rest] = process.argv.slice(2);
mkdirSync(join(ROOT, '.build'), { recursive: true });
const folder = mkdtempSync(join(ROOT, '.build', 'npm-'));
try {
  if (what === 'platform') platform(rest[0], rest[1], folder);
  else if (what === 'main') main(folder);
  else throw new Error(`npm.js: platform or main, not '${what}'`);
  pack(folder, rest.at(-1));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

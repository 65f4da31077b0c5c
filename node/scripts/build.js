'use strict';

// Builds the native library with cargo and copies it to where native.js searches for it.
//
//   node scripts/build.js [--profile <cargo profile>]     default: $ALIYUN_CRED_PROFILE, else release

const { execFileSync } = require('node:child_process');
const { copyFileSync, renameSync } = require('node:fs');
const { join } = require('node:path');
const { parseArgs } = require('node:util');
const { platformName } = require('../lib/platform.js');

const here = join(__dirname, '..');
const { values } = parseArgs({ options: { profile: { type: 'string' } } });
const profile = values.profile ?? process.env.ALIYUN_CRED_PROFILE ?? 'release';

const messages = execFileSync(
  'cargo',
  ['build', '-p', 'aliyun-cred-node', '--profile', profile, '--message-format', 'json-render-diagnostics'],
  { cwd: here, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 64 * 1024 * 1024 },
);
// Read from cargo's output: the target directory and the file name depend on settings and platform.
const library = messages
  .split('\n')
  .filter((line) => line.startsWith('{'))
  .map((line) => JSON.parse(line))
  .filter((message) => message.reason === 'compiler-artifact' && message.target.name === 'aliyun_cred_node')
  .flatMap((message) => message.filenames)
  .find((file) => /\.(so|dylib|dll)$/.test(file));
if (!library) throw new Error('cargo built no library for aliyun-cred-node');

const built = join(here, `aliyun_cred.${platformName()}.node`);
// Copied aside and renamed: writing into a library that a process has loaded would crash that process.
copyFileSync(library, `${built}.${process.pid}.tmp`);
renameSync(`${built}.${process.pid}.tmp`, built);
process.stdout.write(`${built}\n`);

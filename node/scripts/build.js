'use strict';

// Builds the native library with cargo and copies it to where native.js searches for it.
//
//   node scripts/build.js [--profile <cargo profile>]     default: $ALIYUN_CRED_PROFILE, else release
//                         [--features <cargo features>]
//                         [--target <Rust target>]        for another platform of dist/targets.json
//                         [--zig <zig's target>]          with cargo-zigbuild: x86_64-unknown-linux-gnu.2.17
//                         [--out <file>]                  put it there instead

const { execFileSync } = require('node:child_process');
const { copyFileSync, readFileSync, renameSync } = require('node:fs');
const { join } = require('node:path');
const { parseArgs } = require('node:util');
const { platformName } = require('../lib/platform.js');

const here = join(__dirname, '..');
const string = { type: 'string' };
const { values } = parseArgs({
  options: { profile: string, features: string, target: string, zig: string, out: string },
});
const profile = values.profile ?? process.env.ALIYUN_CRED_PROFILE ?? 'release';

/** What native.js calls the platform of a Rust target. */
function platform(rust) {
  if (rust === undefined) return platformName();
  const { targets } = JSON.parse(readFileSync(join(here, '..', 'dist', 'targets.json'), 'utf8'));
  const row = targets.find((one) => one.target === rust);
  if (!row) throw new Error(`${rust} is not in dist/targets.json`);
  return row.npm.platform;
}

const built = values.out ?? join(here, `aliyun_cred.${platform(values.target)}.node`);
const rust = values.zig ?? values.target;
const messages = execFileSync(
  'cargo',
  [
    values.zig ? 'zigbuild' : 'build',
    ...['-p', 'aliyun-cred-node', '--profile', profile, '--message-format', 'json-render-diagnostics'],
    ...(values.features ? ['--features', values.features] : []),
    // Of a release, exactly what was tested.
    ...(rust ? ['--locked', '--target', rust] : []),
  ],
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

// Copied aside and renamed: writing into a library that a process has loaded would crash that process.
copyFileSync(library, `${built}.${process.pid}.tmp`);
renameSync(`${built}.${process.pid}.tmp`, built);
process.stdout.write(`${built}\n`);

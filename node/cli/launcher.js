#!/usr/bin/env node
'use strict';

// The command `aliyun-cred` of the package @aliyun-cred/cli: runs the binary in the package for this platform, and passes
// signals and the exit status on.

const { spawn } = require('node:child_process');
const { constants } = require('node:os');
const { PACKAGED, platformName } = require('../lib/platform.js');
const { version } = require('../package.json');

const WINDOWS = process.platform === 'win32';
// A terminal sends these to both processes; passing them on would send them twice. So does Windows' console.
const OF_TERMINAL = WINDOWS ? ['SIGINT', 'SIGBREAK'] : ['SIGINT', 'SIGQUIT', 'SIGWINCH'];
const OTHERS = WINDOWS ? [] : ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGCONT'];

function fail(status, text) {
  process.stderr.write(`aliyun-cred: ${text}\n`);
  process.exit(status);
}

/** Returns the path of this platform's binary. */
function find() {
  const platform = platformName();
  const name = `@aliyun-cred/cli-${platform}`;
  try {
    return require.resolve(`${name}/aliyun-cred${WINDOWS ? '.exe' : ''}`);
  } catch {
    const advice = PACKAGED.includes(platform)
      ? `the package ${name} is not installed. Install it: \`npm install ${name}@${version}\`, with --global if ` +
        '@aliyun-cred/cli is. npm installs both together unless it is told to leave out optional dependencies ' +
        '(`--omit=optional`), or takes a lock file or a node_modules folder that was made on another platform: remove ' +
        'both there and install again'
      : `there is no package for ${platform}. Build the command: \`cargo install aliyun-cred-cli\``;
    return fail(1, advice);
  }
}

const program = find();
const child = spawn(program, process.argv.slice(2), { stdio: 'inherit' });
for (const signal of OF_TERMINAL) {
  process.on(signal, () => {
    if (!WINDOWS && !process.stdin.isTTY) child.kill(signal);
  });
}
for (const signal of OTHERS) process.on(signal, () => child.kill(signal));
child.on('error', (error) => fail(126, `cannot run ${program}: ${error.message}`));
// As a shell does: 128 and the number of the signal that ended it.
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));

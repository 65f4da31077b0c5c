'use strict';

// Finds and loads the native library: the one built or packed beside this file, else a package for this platform.

const { existsSync } = require('node:fs');
// Through a `require` of its own: a bundler must neither look for these files nor try to pack them.
const load = require('node:module').createRequire(__filename);

// Which C library this is takes longer to find out than the rest of the start, and a library for the other one does
// not load: the more frequent one is tried first.
const suffixes = process.platform === 'linux' ? ['-gnu', '-musl'] : [''];
const targets = suffixes.map((suffix) => `${process.platform}-${process.arch}${suffix}`);

function find() {
  const failures = [];
  const attempt = (what) => {
    try {
      return load(what);
    } catch (error) {
      const isMissing = error.code === 'MODULE_NOT_FOUND';
      if (!isMissing) failures.push({ what, error });
      return undefined;
    }
  };
  const files = [...targets.map((target) => `aliyun_cred.${target}.node`), 'aliyun_cred.node'];
  for (const file of files) {
    const path = `${__dirname}/${file}`;
    const found = existsSync(path) && attempt(path);
    if (found) return found;
  }
  for (const target of targets) {
    const found = attempt(`@aliyun-cred/${target}`);
    if (found) return found;
  }
  throw require('./lib/target.js').missing(__dirname, failures);
}

module.exports = find();

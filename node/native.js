'use strict';

// Finds and loads the native library: the one built or packed beside this file, else a package for this platform.

const { existsSync } = require('node:fs');
// Through a `require` of its own: a bundler must neither look for these files nor try to pack them.
const load = require('node:module').createRequire(__filename);
const { target } = require('./lib/target.js');

function find() {
  const name = target();
  const tried = [];
  let cause;
  for (const file of [`aliyun_cred.${name}.node`, 'aliyun_cred.node']) {
    const path = `${__dirname}/${file}`;
    if (!existsSync(path)) {
      tried.push(`${path} does not exist`);
      continue;
    }
    try {
      return load(path);
    } catch (error) {
      cause ??= error;
      tried.push(`${path} cannot be loaded (${error.message})`);
    }
  }
  const packaged = `@aliyun-cred/${name}`;
  try {
    return load(packaged);
  } catch (error) {
    const missing = error.code === 'MODULE_NOT_FOUND';
    cause ??= missing ? undefined : error;
    tried.push(
      missing ? `the package ${packaged} is not installed` : `${packaged} cannot be loaded (${error.message})`,
    );
  }
  const text =
    `aliyun-cred has no native library for ${name}: ${tried.join('; ')}. ` +
    'Install the package for this platform, or build the library with `npm run build` in a checkout.';
  throw Object.assign(new Error(text, cause && { cause }), { code: cause?.code ?? 'MODULE_NOT_FOUND' });
}

module.exports = find();

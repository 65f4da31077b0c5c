'use strict';

// Finds and loads the native library: the file beside this one, or beside the bundle that contains it; else the package
// for this platform.

const { existsSync } = require('node:fs');
// A bundler would follow a plain `require` and fail, because the library is not JavaScript.
const { createRequire } = require('node:module');
const { isAbsolute } = require('node:path');

// Detecting the C library takes longer than the rest of the start. A build for the other one does not load, so both are
// tried, the more frequent one first.
const suffixes = process.platform === 'linux' ? ['-gnu', '-musl'] : [''];
const platforms = suffixes.map((suffix) => `${process.platform}-${process.arch}${suffix}`);

function find() {
  const failures = [];
  const attempt = (folder, what) => {
    try {
      return createRequire(`${folder}/native.js`)(what);
    } catch (error) {
      const isMissing = error.code === 'MODULE_NOT_FOUND';
      if (!isMissing) failures.push({ what, error });
      return undefined;
    }
  };
  const search = (folder) => {
    const files = [...platforms.map((platform) => `aliyun_cred.${platform}.node`), 'aliyun_cred.node'];
    for (const file of files) {
      const path = `${folder}/${file}`;
      const found = existsSync(path) && attempt(folder, path);
      if (found) return found;
    }
    // `./`: ncc copies these packages into a folder beside the bundle.
    for (const prefix of ['', './']) {
      for (const platform of platforms) {
        const found = attempt(folder, `${prefix}@aliyun-cred/${platform}`);
        if (found) return found;
      }
    }
    return undefined;
  };

  // `__dirname` is undefined in an ES module bundle, and made up if webpack is configured to mock it.
  const named = typeof __dirname === 'string' && isAbsolute(__dirname) ? __dirname : undefined;
  const found = named && search(named);
  if (found) return found;
  const { folder, isBundle } = require('./lib/bundle.js').locate(new Error(), named);
  const besideBundle = folder !== named && search(folder);
  if (besideBundle) return besideBundle;
  throw require('./lib/platform.js').missing(folder, failures, isBundle);
}

module.exports = find();

// Never called. `@vercel/nft` and `ncc` read it, and copy each file and folder in it that exists. `ncc` finds a file
// only if its name contains no variable.
function traced(name) {
  return [
    `${__dirname}/aliyun_cred.darwin-arm64.node`,
    `${__dirname}/aliyun_cred.darwin-x64.node`,
    `${__dirname}/aliyun_cred.linux-arm64-gnu.node`,
    `${__dirname}/aliyun_cred.linux-arm64-musl.node`,
    `${__dirname}/aliyun_cred.linux-x64-gnu.node`,
    `${__dirname}/aliyun_cred.linux-x64-musl.node`,
    `${__dirname}/aliyun_cred.win32-x64.node`,
    `${__dirname}/aliyun_cred.node`,
    `${__dirname}/../@aliyun-cred/${name}`,
    `${__dirname}/../../@aliyun-cred/${name}`,
  ];
}

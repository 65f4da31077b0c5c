'use strict';

const { basename, dirname, isAbsolute } = require('node:path');
const { fileURLToPath } = require('node:url');

/**
 * Returns the folder of the file that native.js runs in, and whether that file is a bundle.
 * @param {Error} error - made in native.js; its `stack` must not have been read before, and names the file
 * @param {string} [named] - `__dirname` in native.js, used if the stack names no file
 */
function locate(error, named) {
  const { prepareStackTrace } = Error;
  Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getFileName());
  const names = error.stack;
  Error.prepareStackTrace = prepareStackTrace;
  // The first name that is a path: webpack's development mode evaluates code under made-up names.
  const name = names.find((name) => name && (name.startsWith('file:') || isAbsolute(name)));
  if (!name) return { folder: named ?? dirname(process.argv[1] ?? process.execPath), isBundle: true };
  const file = name.startsWith('file:') ? fileURLToPath(name) : name;
  return { folder: dirname(file), isBundle: named === undefined || basename(file) !== 'native.js' };
}

module.exports = { locate };

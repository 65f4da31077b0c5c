'use strict';

const native = require('../native.js');
const { recursion, toError } = require('./errors.js');
const { keepAliveUntil } = require('./keep_alive.js');

const OPTIONS = ['all', 'rotate'];

/** Checks the options of a report. Returns their values in the order of `OPTIONS`. */
function flagsOf(options) {
  const given = options ?? {};
  if (typeof given !== 'object') throw new TypeError('the options of explain() must be an object');
  for (const name of Object.keys(given)) {
    if (!OPTIONS.includes(name)) {
      throw new TypeError(native.oneLine(`explain() has no option '${name}'; its options are ${OPTIONS.join(', ')}`));
    }
  }
  return OPTIONS.map((name) => {
    const flag = given[name] ?? false;
    if (typeof flag !== 'boolean') throw new TypeError(`the option '${name}' of explain() must be a boolean`);
    return flag;
  });
}

/**
 * Asks the sources of a client anew for a report.
 * @param {object} [client] - the native client; if absent, `guard` is a custom provider, which gets one for the report
 * @param {import('./recursion.js').RecursionGuard} [guard] - guards JavaScript that runs while the source is asked
 * @param {{ all?: boolean, rotate?: boolean }} [options]
 */
async function explain(client, guard, options) {
  const flags = flagsOf(options);
  if (guard?.isRecursive()) throw toError(recursion().failure);
  guard?.begin();
  const asked = client ?? guard.open();
  const answer = new Promise((resolve) => {
    const failed = native.explain(asked, ...flags, resolve);
    if (failed !== null) resolve(failed);
  });
  const { failure, json, text } = await keepAliveUntil(answer);
  if (failure) throw toError(failure);
  const method = { value: () => text, configurable: true, writable: true };
  return Object.defineProperty(JSON.parse(json), 'toString', method);
}

module.exports = { explain };

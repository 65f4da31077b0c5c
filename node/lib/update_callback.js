'use strict';

const native = require('../native.js');
const { ofKind } = require('./errors.js');
const { RecursionGuard } = require('./recursion.js');
const { LIMIT, within } = require('./keep_alive.js');

/** Calls an update callback and waits for it. Warns if it fails or exceeds the limit. */
async function runCallback(callback, limit = LIMIT) {
  try {
    await within(limit, callback(), () => new Error('it takes too long'));
  } catch (error) {
    // Only the name: the message may quote the secrets that the callback was given.
    const what = error instanceof Error ? native.oneLine(String(error.name)) : typeof error;
    process.emitWarning(`the callback for updates failed (${what}): what was learned may be lost`, 'AliyunCredWarning');
  }
}

/**
 * Returns the options of `open` that have `callback` called with every update; `argumentsOf` turns an update into its
 * arguments. The credential waits up to a minute for the callback, and is returned even if the callback fails.
 */
function updateCallback(callback, argumentsOf) {
  if (typeof callback !== 'function') throw ofKind('invalid_config', 'the callback for updates must be a function');
  const guard = new RecursionGuard();
  const onUpdate = async (question, update) => {
    await runCallback(() => guard.run(() => callback(...argumentsOf(update))));
    native.letGo(question);
  };
  return { guard, onUpdate };
}

module.exports = { runCallback, updateCallback };

'use strict';

const native = require('../native.js');
const { ofKind } = require('./errors.js');
const { RecursionGuard } = require('./recursion.js');
const { LIMIT, within } = require('./keep_alive.js');

/** Waits for what a callback does; if that fails or takes too long, a warning says so. */
async function runCallback(callback, limit = LIMIT) {
  try {
    await within(limit, callback(), () => new Error('it takes too long'));
  } catch (error) {
    // Its message is the user's, and may quote what it was given.
    const what = error instanceof Error ? native.oneLine(String(error.name)) : typeof error;
    process.emitWarning(`the callback for updates failed (${what}): what was learned may be lost`, 'AliyunCredWarning');
  }
}

/**
 * What `open` needs to have `callback` called with what was learned; `argumentsOf` makes its arguments of that. The
 * credential waits for it, a minute at most, and comes even if it fails.
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

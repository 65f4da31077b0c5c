'use strict';

const native = require('../native.js');
const { ofKind } = require('./errors.js');
const { Scope } = require('./scope.js');
const { LIMIT, within } = require('./waiting.js');

/** Waits for what a callback does; if that fails or takes too long, a warning says so. */
async function hearOut(callback, limit = LIMIT) {
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
function learner(callback, argumentsOf) {
  if (typeof callback !== 'function') throw ofKind('invalid_config', 'the callback for updates must be a function');
  const foreign = new Scope();
  const learn = async (question, update) => {
    await hearOut(() => foreign.run(() => callback(...argumentsOf(update))));
    native.letGo(question);
  };
  return { foreign, learn };
}

module.exports = { hearOut, learner };

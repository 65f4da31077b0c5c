'use strict';

const { clearInterval, clearTimeout, setInterval, setTimeout } = require('node:timers');
const { cancelled } = require('./errors.js');

/** How long JavaScript of the user's own may take, in milliseconds. */
const LIMIT = 60_000;

// The native library's callbacks keep no process alive, because an idle client, a background refresh and a call that
// was given up must not. A call that somebody awaits must: while there is one, this timer runs.
const NEVER = 2 ** 31 - 1;
let waiting = 0;
let anchor;

/**
 * Waits for `pending`, which never rejects, with the process kept alive; or until `signal` aborts, which rejects and
 * leaves `pending` alone.
 */
async function keepAliveUntil(pending, signal) {
  if (waiting++ === 0) anchor = setInterval(() => {}, NEVER);
  try {
    return await (signal ? unlessAborted(pending, signal) : pending);
  } finally {
    if (--waiting === 0) clearInterval(anchor);
  }
}

function unlessAborted(pending, signal) {
  return new Promise((resolve, reject) => {
    const abort = () => reject(cancelled(signal.reason));
    signal.addEventListener('abort', abort, { once: true });
    pending.then((value) => {
      signal.removeEventListener('abort', abort);
      resolve(value);
    });
  });
}

/** Waits for `promise`, `limit` milliseconds at most; then throws what `late` gives. It keeps no process alive. */
async function within(limit, promise, late) {
  let timer;
  const end = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(late()), limit).unref();
  });
  try {
    return await Promise.race([promise, end]);
  } finally {
    clearTimeout(timer);
  }
}

module.exports = { LIMIT, keepAliveUntil, within };

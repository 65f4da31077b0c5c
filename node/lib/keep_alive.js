'use strict';

const { clearInterval, clearTimeout, setInterval, setTimeout } = require('node:timers');
const { cancelled } = require('./errors.js');

/** How long a custom provider or an update callback may take, in milliseconds. */
const LIMIT = 60_000;

// The native library's callbacks do not keep the process alive, because an idle client, a background refresh and an
// aborted call must not. A call that is awaited must: this timer runs while there is one.
const NEVER = 2 ** 31 - 1;
let waiting = 0;
let anchor;

/**
 * Waits for `pending`, which never rejects, and keeps the process alive meanwhile. Rejects if `signal` aborts first;
 * `pending` goes on.
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

/** Waits for `promise` for at most `limit` milliseconds, then throws `late()`. Does not keep the process alive. */
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

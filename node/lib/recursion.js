'use strict';

const { AsyncLocalStorage } = require('node:async_hooks');

// The guarded code around the current asynchronous context, as a linked list from the innermost: `{ guard, outer }`.
const current = new AsyncLocalStorage();

/** Finds the innermost guarded code that is still running. Work that outlives its starter is independent of it. */
function unfinished() {
  let work = current.getStore();
  while (work && work.guard === undefined) work = work.outer;
  return work;
}

/**
 * Detects recursion: a custom provider or an update callback runs while a client is asked, and would wait for itself if
 * it asked that client.
 */
class RecursionGuard {
  #outer;

  /** Returns whether the caller runs inside the guarded code. */
  isRecursive() {
    for (let work = current.getStore(); work; work = work.outer) if (work.guard === this) return true;
    return false;
  }

  /** Call it before the guarded code is started: remembers which guarded code the caller itself runs in. */
  begin() {
    this.#outer = unfinished();
  }

  /** Runs the guarded code. */
  async run(work) {
    const mine = { guard: this, outer: this.#outer };
    try {
      return await current.run(mine, work);
    } finally {
      mine.guard = undefined;
    }
  }

  /** Returns what the guarded code threw, if that caused `failure`. */
  causeOf() {
    return undefined;
  }
}

module.exports = { RecursionGuard };

'use strict';

const { AsyncLocalStorage } = require('node:async_hooks');

// Which JavaScript a piece of work is done for, one on behalf of another: `{ guard, outer }`, the innermost first.
const current = new AsyncLocalStorage();

/** The innermost work that still goes on: what was started on the way and outlives it is on its own. */
function unfinished() {
  let work = current.getStore();
  while (work && work.guard === undefined) work = work.outer;
  return work;
}

/**
 * JavaScript that runs while a client is asked: a provider that is written in it, or a callback. If it asks that client,
 * it would wait for itself; here it is noticed.
 */
class RecursionGuard {
  #outer;

  /** Whether the caller runs on behalf of this. */
  isRecursive() {
    for (let work = current.getStore(); work; work = work.outer) if (work.guard === this) return true;
    return false;
  }

  /** Called by whoever makes it run: it runs on behalf of the same as the caller. */
  begin() {
    this.#outer = unfinished();
  }

  async run(work) {
    const mine = { guard: this, outer: this.#outer };
    try {
      return await current.run(mine, work);
    } finally {
      mine.guard = undefined;
    }
  }

  /** What was thrown here, if that is behind `failure`. */
  causeOf() {
    return undefined;
  }
}

module.exports = { RecursionGuard };

'use strict';

const timers = require('node:timers');

/** The longest that a machine's sleep, or a clock that was set, goes unnoticed, in milliseconds. */
const LONGEST = 30_000;

// Taken when this file is loaded: a test suite that replaces the global ones must not stop credentials from rotating.
const { hrtime } = process;
const SYSTEM = {
  wall: Date.now,
  steady() {
    // Not from node:perf_hooks, which takes longer to load than this whole package.
    const [seconds, nanoseconds] = hrtime();
    return seconds * 1e3 + nanoseconds / 1e6;
  },
  setTimeout: timers.setTimeout,
  clearTimeout: timers.clearTimeout,
};

/**
 * Calls back at the earliest of the times that it was told, then forgets them all. One timer, which keeps no process
 * alive. A time has come when either clock says so: the wall clock goes on while the machine sleeps, the steady one
 * cannot be set back.
 */
class ExpiryTimer {
  #onDue;
  #clock;
  #wall = Infinity;
  #steady = Infinity;
  #timer;

  constructor(onDue, clock = SYSTEM) {
    this.#onDue = onDue;
    this.#clock = clock;
  }

  /** Something is due in `ms` milliseconds; `Infinity` is never. */
  add(ms) {
    const wall = this.#clock.wall() + ms;
    const steady = this.#clock.steady() + ms;
    if (wall >= this.#wall && steady >= this.#steady) return;
    this.#wall = Math.min(this.#wall, wall);
    this.#steady = Math.min(this.#steady, steady);
    this.#arm();
  }

  #left() {
    return Math.min(this.#wall - this.#clock.wall(), this.#steady - this.#clock.steady());
  }

  #arm() {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#clock.setTimeout(() => this.#fire(), Math.min(Math.max(Math.ceil(this.#left()), 1), LONGEST));
    this.#timer.unref();
  }

  #fire() {
    if (this.#left() > 0) return this.#arm();
    this.#wall = Infinity;
    this.#steady = Infinity;
    this.#onDue();
  }
}

module.exports = { ExpiryTimer, LONGEST };

'use strict';

const timers = require('node:timers');

/** How long a machine's sleep or a changed clock may go unnoticed, in milliseconds. */
const LONGEST = 30_000;

// Captured when this file is loaded: fake timers in a user's test suite must not stop credentials from rotating.
const { hrtime } = process;
const SYSTEM = {
  wall: Date.now,
  steady() {
    // node:perf_hooks would take longer to load than this whole package.
    const [seconds, nanoseconds] = hrtime();
    return seconds * 1e3 + nanoseconds / 1e6;
  },
  setTimeout: timers.setTimeout,
  clearTimeout: timers.clearTimeout,
};

/**
 * Calls back once at the earliest of the times added, then forgets them all. Uses one timer, which does not keep the
 * process alive. A time is reached when either clock says so: the wall clock advances while the machine sleeps, and the
 * steady clock cannot be set back.
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

  /** Adds a time `ms` milliseconds from now; `Infinity` means never. */
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

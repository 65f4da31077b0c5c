'use strict';

const assert = require('node:assert/strict');
const { beforeEach, test } = require('node:test');
const { ExpiryTimer, LONGEST } = require('../../node/lib/expiry_timer.js');

/** Two clocks and one timer, moved by hand. */
let clock;
let expiryTimer;
let fired;

beforeEach(() => {
  fired = 0;
  clock = {
    now: { wall: 1_700_000_000_000, steady: 5_000 },
    timer: undefined,
    refs: 0,
    wall: () => clock.now.wall,
    steady: () => clock.now.steady,
    setTimeout(callback, ms) {
      clock.refs += 1;
      const timer = { callback, ms, at: clock.now.steady + ms, unref: () => (clock.refs -= 1) };
      clock.timer = timer;
      return timer;
    },
    clearTimeout(timer) {
      if (timer !== undefined && timer === clock.timer) clock.timer = undefined;
    },
    /** Lets time pass, the wall clock by `wall` instead if given. */
    pass(ms, wall = ms) {
      const end = clock.now.steady + ms;
      clock.now.wall += wall;
      while (clock.timer && clock.timer.at <= end) {
        const { callback, at } = clock.timer;
        clock.timer = undefined;
        clock.now.steady = at;
        callback();
      }
      clock.now.steady = end;
    },
  };
  expiryTimer = new ExpiryTimer(() => {
    fired += 1;
  }, clock);
});

test('it fires when the earliest is due, and then waits for nothing', () => {
  expiryTimer.add(20_000);
  expiryTimer.add(5_000);
  expiryTimer.add(10_000);
  clock.pass(4_999);
  assert.equal(fired, 0);
  clock.pass(1);
  assert.equal(fired, 1);
  assert.equal(clock.timer, undefined);
  clock.pass(60_000);
  assert.equal(fired, 1);
});

test('what is added after it fired counts anew', () => {
  expiryTimer.add(1_000);
  clock.pass(1_000);
  expiryTimer.add(1_000);
  clock.pass(999);
  assert.equal(fired, 1);
  clock.pass(1);
  assert.equal(fired, 2);
});

test('for ever sets no timer', () => {
  expiryTimer.add(Infinity);
  assert.equal(clock.timer, undefined);
});

test('no timer keeps the process alive, or runs longer than the limit', () => {
  expiryTimer.add(24 * 3600 * 1000);
  assert.equal(clock.timer.ms, LONGEST);
  clock.pass(3 * LONGEST);
  assert.equal(fired, 0);
  assert.equal(clock.timer.ms, LONGEST);
  assert.equal(clock.refs, 0);
});

test('a machine that slept finds out within the limit', () => {
  expiryTimer.add(3_600_000);
  clock.pass(LONGEST, 3_600_000);
  assert.equal(fired, 1);
});

test('a wall clock that was set back delays nothing', () => {
  expiryTimer.add(50_000);
  clock.pass(50_000, -3_600_000);
  assert.equal(fired, 1);
});

test('a time that has come already fires at once', () => {
  expiryTimer.add(0.25);
  assert.equal(clock.timer.ms, 1);
  clock.pass(1);
  assert.equal(fired, 1);
});

'use strict';

// Cached calls before and while a refresh runs that takes a second: `refresh.js official|ours <folder>`. The service
// answers the first request at once. Reports the 99.9th percentile of a call's time in both stretches, the longest of
// the second, how many waited, and how long the event loop stood still.

const { report, role } = require('./library.js');

const REFRESH = 1000;
const SLICE = 50;
// The request takes longer than the service does, and a call belongs to the moment when it began.
const MARGIN = 4 * SLICE;
// A call that took this long waited for the service.
const WAITED = REFRESH / 3;
const BUCKET_NS = 32;
const BUCKETS = 4096;
const LIMIT = 30_000;
const TICK = 1;

// The times of all calls, as a histogram for each stretch of 50 ms.
const slices = Array.from({ length: LIMIT / SLICE }, () => ({ slow: [], histogram: new Uint32Array(BUCKETS) }));
const late = [];

function between(begin, end) {
  const counts = new Float64Array(BUCKETS);
  let slow = [];
  for (const slice of slices.slice(Math.floor(begin / SLICE), Math.floor(end / SLICE))) {
    slow = slow.concat(slice.slow);
    slice.histogram.forEach((count, bucket) => (counts[bucket] += count));
  }
  slow.sort((a, b) => b - a);
  const calls = counts.reduce((sum, count) => sum + count, slow.length);
  let above = Math.floor(calls / 1000);
  let p999 = slow[above];
  if (p999 === undefined) {
    above -= slow.length;
    let bucket = BUCKETS;
    while (bucket > 0 && above >= 0) above -= counts[--bucket];
    p999 = bucket * BUCKET_NS;
  }
  return { p999, calls, longest: slow[0] ?? 0, waited: slow.filter((ns) => ns > WAITED * 1e6).length };
}

function stall(begin, end) {
  const ticks = late.filter(([at]) => at >= begin && at <= end).map(([, ms]) => ms);
  return ticks.sort((a, b) => a - b)[Math.floor(ticks.length * 0.999)];
}

async function main() {
  const client = role();
  const first = (await client.getCredential()).accessKeyId;
  const begin = performance.now();
  let last = begin;
  const ticker = setInterval(() => {
    const now = performance.now();
    late.push([now - begin, now - last - TICK]);
    last = now;
  }, TICK);
  let changed;
  for (let call = 1; changed === undefined; call += 1) {
    const before = performance.now();
    const found = await client.getCredential();
    const after = performance.now();
    const slice = slices[Math.floor((before - begin) / SLICE)];
    const ns = (after - before) * 1e6;
    if (ns < BUCKETS * BUCKET_NS) slice.histogram[Math.floor(ns / BUCKET_NS)] += 1;
    else slice.slow.push(ns);
    if (found.accessKeyId !== first) changed = after - begin;
    // Others want to run, too.
    if (call % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  // A stall that ended just now shows at the next tick.
  await new Promise((resolve) => setTimeout(resolve, 5));
  clearInterval(ticker);
  const calm = between(2 * SLICE, changed - REFRESH - MARGIN);
  const during = between(changed - REFRESH - MARGIN, changed + SLICE);
  report({
    changed: changed / 1000,
    before: calm.p999,
    during: during.p999,
    longest: during.longest,
    longest_before: calm.longest,
    calls: during.calls,
    waited: during.waited,
    stall: stall(changed - REFRESH - MARGIN, changed + SLICE),
    stall_before: stall(2 * SLICE, changed - REFRESH - MARGIN),
  });
  process.exit();
}

main();

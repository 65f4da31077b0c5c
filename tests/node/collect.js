'use strict';

const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

/** Collects garbage. What is native is freed by the event loop, some turns later. */
async function collect() {
  setFlagsFromString('--expose-gc');
  const once = runInNewContext('gc');
  for (let turn = 0; turn < 10; turn++) {
    once();
    await new Promise(setImmediate);
  }
}

module.exports = { collect };

'use strict';

// Runs the test files that it is given, as many at once as there are processors: `node --test` leaves one of them free.

const { availableParallelism } = require('node:os');
const { resolve } = require('node:path');
const { run } = require('node:test');
const { spec } = require('node:test/reporters');

const files = process.argv.slice(2).map((file) => resolve(file));
if (files.length === 0) throw new Error('name the test files');
run({ files, concurrency: availableParallelism() })
  .on('test:fail', () => {
    process.exitCode = 1;
  })
  .compose(new spec())
  .pipe(process.stdout);

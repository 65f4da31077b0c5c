// Runs the JavaScript blocks of the documentation, each in a worker thread: `run_node.js <results> <kind>:<file>...`.
// Needs --experimental-vm-modules, to parse what is not run.
//
// Writes a JSON object to `<results>`: for each file, what is wrong with it, or null.
'use strict';

const fs = require('node:fs');
const vm = require('node:vm');
const { Worker } = require('node:worker_threads');

function parsed(file) {
  try {
    new vm.SourceTextModule(fs.readFileSync(file, 'utf8'), { identifier: file });
    return null;
  } catch (error) {
    return error.stack;
  }
}

function ran(file) {
  return new Promise((resolve) => {
    const worker = new Worker(file, { stdout: true });
    let problem = null;
    worker.on('error', (error) => {
      const missing = /Cannot find (?:package|module) '([^']+)'/.exec(error.message);
      problem = missing ? `needs the module ${missing[1]}` : String(error.stack);
    });
    // What takes longer hangs.
    const watchdog = setTimeout(() => worker.terminate(), 60_000);
    worker.on('exit', (code) => {
      clearTimeout(watchdog);
      resolve(problem ?? (code === 0 ? null : `it ended with ${code}`));
    });
  });
}

async function main() {
  const [results, ...blocks] = process.argv.slice(2);
  const found = {};
  for (const block of blocks) {
    const [kind, file] = [block.slice(0, block.indexOf(':')), block.slice(block.indexOf(':') + 1)];
    found[file] = kind === 'program' || kind === 'body' ? await ran(file) : parsed(file);
  }
  fs.writeFileSync(results, JSON.stringify(found));
}

main();

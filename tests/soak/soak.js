'use strict';

// Asks clients of all sources from this thread and from workers that come and go. The arguments and the lines are those
// of soak.c; `children` are workers.

const { createInterface } = require('node:readline');
const { setTimeout: pause } = require('node:timers/promises');
const { Worker, isMainThread, workerData, parentPort } = require('node:worker_threads');
const Credential = require('../../node');

const HOUR = 3600 * 1000;
// A cached read looks at no clock, but waits for a timer, which a busy event loop delays.
const TICK = 1000;

function clientOf(argument) {
  const { CLIProfileCredentialsProvider: Profile, ProfileCredentialsProvider: Ini } = Credential;
  if (argument === 'ini') return new Credential(null, Ini.builder().build());
  if (!argument.startsWith('{')) return new Credential(null, Profile.builder().withProfileName(argument).build());
  const camel = (name) => name.replace(/_(uri|.)/g, (_, letters) => letters.toUpperCase());
  return new Credential(Object.fromEntries(Object.entries(JSON.parse(argument)).map(([k, v]) => [camel(k), v])));
}

const clientArguments = isMainThread ? process.argv.slice(2) : workerData;
const clients = clientArguments.map(clientOf);
const counts = { failed: 0, expired: 0, children: 0, served: clients.map(() => 0) };

/** As in soak.c. */
function isOver(argument, expiration, asked) {
  if (!expiration || argument.includes('ecs_ram_role')) return false;
  const left = expiration.getTime() - asked;
  if (!process.env.CLOCK_JUMPS) return left <= -TICK;
  if (argument[0] !== '{' || argument.includes('credentials_uri')) return false;
  const hours = Math.round(left / HOUR);
  return left - hours * HOUR <= (hours === 0 ? -TICK : -5000);
}

async function ask(index) {
  const asked = Date.now();
  let credential;
  try {
    credential = await clients[index].getCredential();
  } catch (error) {
    if (!error.message) throw error;
    counts.failed++;
    return;
  }
  if (!credential.accessKeyId || !credential.accessKeySecret) throw new Error('half a credential');
  if (isOver(clientArguments[index], credential.expiration, asked)) {
    console.error(`client ${index} was ${asked - credential.expiration.getTime()} ms over`);
    counts.expired++;
  }
  counts.served[index]++;
}

async function askAll() {
  await Promise.all(clients.map((_, index) => ask(index)));
}

async function main() {
  let stop = false;
  async function keepAsking() {
    while (!stop) {
      await askAll();
      await pause(2);
    }
  }
  async function keepStarting() {
    while (!stop) {
      const worker = new Worker(__filename, { workerData: clientArguments });
      await new Promise((resolve, reject) => {
        worker.once('message', (expired) => {
          counts.expired += expired;
          // Every other one is ended while it asks.
          if (counts.children % 2) worker.terminate();
        });
        worker.once('error', reject);
        worker.once('exit', resolve);
      });
      counts.children++;
      await pause(500);
    }
  }
  const work = [keepAsking(), keepStarting()];
  for await (const _ of createInterface({ input: process.stdin })) console.log(JSON.stringify(counts));
  stop = true;
  await Promise.all(work);
  console.log(JSON.stringify(counts));
}

async function workerMain() {
  await askAll();
  parentPort.postMessage(counts.expired);
  await askAll();
}

if (isMainThread) main();
else workerMain();

'use strict';

// The emulator, and the one client of its control interface in JavaScript. crates/aliyun-cred-emulator/README.md says
// what each request does, and what a reset takes.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { join, resolve } = require('node:path');
const readline = require('node:readline');

const ROOT = resolve(__dirname, '..');
const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target');

/** A running emulator. */
class Emulator {
  #process;

  /** Starts one, which ends with `stop` or with this process. Writes its authority's certificate to `folder`/ca.pem. */
  static async start(folder, program = join(TARGET, 'debug', 'aliyun-cred-emulator')) {
    const child = spawn(program, ['--ca', join(folder, 'ca.pem')], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = await once(readline.createInterface(child.stdout), 'line');
    const emulator = new Emulator(JSON.parse(line));
    emulator.#process = child;
    return emulator;
  }

  /** One that somebody else has started: only `addresses.control` is needed for what follows. */
  constructor(addresses) {
    /** Where everything is: `sts_http`, `sts_https`, `proxy`, `metadata`, `control` (URLs) and `ca` (the file). */
    this.addresses = addresses;
  }

  /** Any request to the control interface, and its answer. */
  async control(method, path, body) {
    const reply = await fetch(this.addresses.control + path, { method, body: body && JSON.stringify(body) });
    if (!reply.ok) throw new Error(await reply.text());
    return reply.json();
  }

  /** Replaces the whole state, and forgets everything that was. */
  reset(settings = {}) {
    return this.control('POST', '/reset', settings);
  }

  /** Changes `lifetime`, `clock_offset` or `faults`, and nothing else. */
  patch(changes) {
    return this.control('PATCH', '/state', changes);
  }

  /** The counts since the last reset. */
  state() {
    return this.control('GET', '/state');
  }

  /** The log of the requests to the services, or to one action of theirs, oldest first. */
  async requests(action) {
    const { requests } = await this.control('GET', '/requests');
    return requests.filter((entry) => action === undefined || entry.action === action);
  }

  /** Empties the log. */
  async clear() {
    await this.control('DELETE', '/requests');
  }

  /** Waits until so many requests are held, and returns how many are. */
  async held(atLeast = 1) {
    return (await this.control('GET', `/held?at_least=${atLeast}`)).held;
  }

  /** Lets held requests go on: the `count` oldest, or all and every later one, until a reset or new faults. */
  release(count) {
    return this.control('POST', '/release', count === undefined ? {} : { count });
  }

  async stop() {
    this.#process.stdin.end();
    if (this.#process.exitCode === null) await once(this.#process, 'exit');
  }
}

module.exports = { Emulator };

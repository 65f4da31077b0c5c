'use strict';

const { EventEmitter } = require('node:events');
const native = require('../native.js');
const { fromJson } = require('./status.js');

/** The events of each client that has any listeners. */
const observed = new WeakMap();

/**
 * The listeners of one client. The native library calls back only while there are any, or the channel has subscribers.
 */
class Events {
  #emitter = new EventEmitter();
  #credential;
  #client;
  #channel;
  #toError;
  #isListening = false;

  /**
   * @param {import('./credential.js').Credential} credential
   * @param {object} about - `client`: the native client; if absent, a custom provider is asked directly and there are no
   *   events; `channel`: where subscribers learn of them, too; `toError`: makes the `Error` for a failure
   */
  constructor(credential, { client, channel, toError }) {
    this.#credential = credential;
    this.#client = client;
    this.#channel = channel;
    this.#toError = toError;
  }

  /** Adds a listener by `method`, `on` or `once`. */
  add(method, kind, listener) {
    this.#emitter[method](kind, listener);
    this.listen();
  }

  remove(kind, listener) {
    this.#emitter.off(kind, listener);
    this.#endIfUnused();
  }

  listen() {
    if (this.#isListening || this.#client === undefined) return;
    native.listen(this.#client, teller(new WeakRef(this)));
    this.#isListening = true;
  }

  deliver({ json, failure }) {
    const event = Object.freeze({ ...fromJson(json), error: failure ? this.#toError(failure) : null });
    // Not by `emit`, which stops at the first listener that throws.
    for (const listener of this.#emitter.rawListeners(event.kind)) void call(listener, event);
    if (this.#channel.hasSubscribers) this.#channel.publish({ credential: this.#credential, event });
    this.#endIfUnused();
  }

  #endIfUnused() {
    if (!this.#isListening || this.#channel.hasSubscribers || this.#emitter.eventNames().length > 0) return;
    native.unlisten(this.#client);
    this.#isListening = false;
  }
}

/**
 * Returns the function that the native library calls. The native client holds it strongly, so it must not hold what holds
 * that client: a client that nobody can reach any more is freed, and its listeners with it.
 */
function teller(events) {
  return (happened) => events.deref()?.deliver(happened);
}

/** Calls a listener. Warns if it throws or, being asynchronous, rejects. */
async function call(listener, event) {
  try {
    await listener(event);
  } catch (error) {
    const what = error instanceof Error ? `failed: ${error.message}` : 'threw something that is no Error';
    process.emitWarning(native.oneLine(`a listener for '${event.kind}' ${what}`), 'AliyunCredWarning');
  }
}

/** Returns the events of a client, if it has any listeners. */
function eventsOf(credential) {
  return observed.get(credential);
}

/** Like `eventsOf`, but makes them; `about` as for `Events`. */
function eventsFor(credential, about) {
  let events = observed.get(credential);
  if (events === undefined) {
    events = new Events(credential, about);
    observed.set(credential, events);
  }
  return events;
}

module.exports = { eventsFor, eventsOf };

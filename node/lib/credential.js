'use strict';

const native = require('../native.js');
const { ExpiryTimer } = require('./expiry_timer.js');
const { inspectCustom, modelOf, optionsOf } = require('./models.js');

// What follows is read from its file when it is first needed: a program that only wants its credential does not pay
// for the rest.
const errors = () => require('./errors.js');
const fieldReads = () => require('./field_reads.js');
const keepAlive = () => require('./keep_alive.js');

// A client hands out its own copy of the credential for as long as this number is the one that it was stored under:
// comparing two numbers costs a hundredth of a call into the native library, and a fifth of reading the clock. It
// changes when a copy of any client falls due, and when any client is told to forget its own; whoever finds it changed
// asks the native library, whose clock decides.
let generation = 0;
const NO_GENERATION = -1;
const expiryTimer = new ExpiryTimer(() => {
  generation += 1;
});

/** How many calls in a row may pass unchecked: a loop that awaits nothing else lets no timer run. */
const CALLS_PER_CHECK = 4096;

/** Under this name a provider of ours gives what a client of its own is made of. */
const shared = Symbol('shared');

/** What a client asks. */
class Opened {
  /**
   * @param {object} [client] - the native client; without one, `guard` is a custom provider, which is asked directly
   * @param {import('./recursion.js').RecursionGuard} [guard] - of the JavaScript that runs while the client is asked
   */
  constructor(client, guard) {
    this.client = client;
    this.guard = guard;
  }

  [shared]() {
    return new Opened(native.share(this.client), this.guard);
  }
}

/**
 * Opens a source by its name, or by the type among the options, or the default chain.
 * @param {string} [source]
 * @param {object} [options] - the core's options by their names
 * @param {object} [more] - `base`: an `Opened` that assumes the role; `onUpdate`: the update callback, whose guard
 *   `guard` is
 */
function open(source, options, { base, onUpdate, guard = base?.guard } = {}) {
  const names = options && Object.keys(options);
  const values = options ? Object.values(options) : [];
  const client = native.open(process.versions.node, source, names, values, base?.client, onUpdate);
  if (client.failure) throw errors().toError(client.failure);
  return new Opened(client, guard);
}

/** Opens a provider; `undefined` for what is none. */
function openProvider(provider) {
  const [asks, named] = ['getCredentials', 'getProviderName'].map((name) => typeof provider?.[name] === 'function');
  if (!asks && !named) return undefined;
  // Silently resolving something else than the caller's own provider would be the worst answer.
  if (!asks || !named) throw notAProvider();
  const ours = provider[shared]?.();
  if (ours instanceof Opened) return ours;
  const { CustomProvider } = require('./custom_provider.js');
  return new Opened(undefined, new CustomProvider(provider));
}

function notAProvider() {
  return errors().ofKind('invalid_config', 'a provider must have both getCredentials() and getProviderName()');
}

function openFor(config, provider) {
  if (config instanceof Opened) return config;
  // Earlier versions of the original took an object of settings in the provider's place: one that is none is ignored.
  const options = config === undefined || config === null ? undefined : optionsOf(config);
  return openProvider(provider) ?? open(undefined, options);
}

function emitWarnings() {
  for (const warning of native.takeWarnings() ?? []) process.emitWarning(warning, 'AliyunCredWarning');
}

/** Documented in index.d.ts, as everything that users see. */
class Credential {
  #client;
  #guard;
  /** The last credential that was found, fresh or not. */
  #model;
  #generation = NO_GENERATION;
  #callsLeft = 0;
  /** The question that all callers share while it is open. */
  #pending;

  constructor(config, provider) {
    const { client, guard } = openFor(config, provider);
    this.#client = client;
    this.#guard = guard;
  }

  async getCredential(options) {
    if (options?.signal?.aborted) throw errors().cancelled(options.signal.reason);
    if (this.#generation === generation && --this.#callsLeft > 0) return this.#model;
    const refused = this.#ask();
    // The environment's credential comes this way every time: it must not wait for another async function.
    if (refused === undefined) return this.#model;
    return this.#wait(refused, options?.signal);
  }

  getCredentialSync() {
    if (this.#generation === generation && --this.#callsLeft > 0) return this.#model;
    const refused = this.#guard ? this.#askCached() : this.#take(native.wait(this.#client));
    if (refused) throw errors().toError(refused.failure);
    return this.#model;
  }

  async getAccessKeyId() {
    return fieldReads().field(this, 'accessKeyId');
  }

  async getAccessKeySecret() {
    return fieldReads().field(this, 'accessKeySecret');
  }

  async getSecurityToken() {
    return fieldReads().field(this, 'securityToken');
  }

  getBearerToken() {
    if (this.#client === undefined) return this.#model?.bearerToken;
    return native.bearerToken(this.#client) ?? undefined;
  }

  getType() {
    return this.#client === undefined ? this.#guard.name : native.typeOf(this.#client);
  }

  /** In the original, the object that does the work. */
  get credential() {
    return this;
  }

  invalidate() {
    if (this.#client === undefined) this.#model = undefined;
    else native.invalidate(this.#client);
    generation += 1;
  }

  toJSON() {
    return { type: this.getType() };
  }

  [inspectCustom](depth, options, inspect) {
    return `Credential ${inspect(this.toJSON(), options)}`;
  }

  async #wait(refused, signal) {
    const answer = refused instanceof Promise ? await keepAlive().keepAliveUntil(refused, signal) : refused;
    if (answer) throw answer.error ?? errors().toError(answer.failure, this.#guard?.causeOf(answer.failure));
    return this.#model;
  }

  /**
   * `undefined` if `#model` is the answer, else `{ failure }` or, from a provider that is asked directly, `{ error }`;
   * or a promise of one of them, which never rejects.
   */
  #ask() {
    if (this.#guard?.isRecursive()) return errors().recursion();
    if (this.#pending) return this.#pending;
    this.#guard?.begin();
    if (this.#client === undefined) {
      this.#pending = this.#askCustom();
      return this.#pending;
    }
    let resolve;
    const answer = native.ask(this.#client, (told) => {
      this.#pending = undefined;
      resolve(this.#take(told));
    });
    if (answer !== null) return this.#take(answer);
    this.#pending = new Promise((settle) => {
      resolve = settle;
    });
    return this.#pending;
  }

  async #askCustom() {
    try {
      this.#model = await this.#guard.ask();
      return undefined;
    } catch (error) {
      return { error };
    } finally {
      this.#pending = undefined;
      emitWarnings();
    }
  }

  /** What can be answered without the event loop, which another's JavaScript needs. */
  #askCached() {
    if (this.#client === undefined) {
      if (this.#model?.expiration > new Date()) return undefined;
    } else {
      const answer = native.cached(this.#client);
      if (answer !== null) return this.#take(answer);
    }
    return errors().needsLoop();
  }

  /** Takes in what the native library answered: a number says that the credential is the last one still. */
  #take(answer) {
    emitWarnings();
    if (answer.failure) return answer;
    let freshFor = answer;
    if (typeof answer === 'object') {
      this.#model = modelOf(answer);
      freshFor = answer.freshFor;
    }
    if (freshFor > 0) {
      this.#generation = generation;
      this.#callsLeft = CALLS_PER_CHECK;
      expiryTimer.add(freshFor);
    } else {
      this.#generation = NO_GENERATION;
    }
    return undefined;
  }
}

module.exports = { CALLS_PER_CHECK, Credential, Opened, notAProvider, open, openProvider, shared };

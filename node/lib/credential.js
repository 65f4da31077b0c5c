'use strict';

const native = require('../native.js');
const { ExpiryTimer } = require('./expiry_timer.js');
const { inspectCustom, modelOf, optionsOf } = require('./models.js');

// Loaded when first needed, so that a program that only reads a credential does not pay for them.
const errors = () => require('./errors.js');
const fieldReads = () => require('./field_reads.js');
const keepAlive = () => require('./keep_alive.js');
const events = () => require('./events.js');

/** The diagnostics channel of all clients. */
let channel;
const eventChannel = () => {
  channel ??= require('node:diagnostics_channel').channel('aliyun-cred:event');
  return channel;
};

/** How many of Node's modules were loaded at the last look. */
let modulesSeen = -1;

/** Returns whether the channel has subscribers. Before anybody has loaded Node's module, it has none. */
function hasSubscribers() {
  if (channel === undefined) {
    // Loading it would take a tenth of the time of the first call. `events` is always loaded: if it is not listed, the
    // list has another form, and cannot tell.
    const loaded = process.moduleLoadList ?? [];
    if (loaded.length === modulesSeen) return false;
    modulesSeen = loaded.length;
    const isLoaded = (name) => loaded.includes(`NativeModule ${name}`);
    if (isLoaded('events') && !isLoaded('diagnostics_channel')) return false;
  }
  return eventChannel().hasSubscribers;
}

// A client returns its own copy of the credential while this number equals the one that the copy was stored under. The
// comparison costs a hundredth of a call into the native library, and a fifth of reading the clock. The number changes
// when any client's copy is due, and when any client is invalidated. A client that finds it changed asks the native
// library, whose clock decides.
let generation = 0;
const NO_GENERATION = -1;
const expiryTimer = new ExpiryTimer(() => {
  generation += 1;
});

/** How many calls in a row may skip the native library: a loop that awaits nothing else lets no timer run. */
const CALLS_PER_CHECK = 4096;

/** The method by which a provider class of this package returns its `Opened`, for another client to share. */
const shared = Symbol('shared');

/** An opened source of credentials. */
class Opened {
  /**
   * @param {object} [client] - the native client; if absent, `guard` is a custom provider that is asked directly
   * @param {import('./recursion.js').RecursionGuard} [guard] - guards JavaScript that runs while the source is asked
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
 * Opens the source called `source`; else the one that the options' type names; else the default chain.
 * @param {string} [source]
 * @param {object} [options] - the core's options by name
 * @param {object} [more] - `base`: the `Opened` that assumes the role; `onUpdate`: the update callback; `guard`: guards
 *   that callback
 */
function open(source, options, { base, onUpdate, guard = base?.guard } = {}) {
  const names = options && Object.keys(options);
  const values = options ? Object.values(options) : [];
  const client = native.open(process.versions.node, source, names, values, base?.client, onUpdate);
  if (client.failure) throw errors().toError(client.failure);
  return new Opened(client, guard);
}

/** Opens a provider. Returns `undefined` if the value has neither method of a provider. */
function openProvider(provider) {
  const [asks, named] = ['getCredentials', 'getProviderName'].map((name) => typeof provider?.[name] === 'function');
  if (!asks && !named) return undefined;
  // Ignoring half a provider would silently resolve another credential than the caller meant.
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
  // Earlier versions of the official package took an object of settings here, so anything else is ignored.
  const options = config === undefined || config === null ? undefined : optionsOf(config);
  return openProvider(provider) ?? open(undefined, options);
}

function emitWarnings() {
  for (const warning of native.takeWarnings() ?? []) process.emitWarning(warning, 'AliyunCredWarning');
}

/** Documented in index.d.ts, like everything public. */
class Credential {
  #client;
  #guard;
  /** The last credential found, fresh or not. */
  #model;
  #generation = NO_GENERATION;
  #callsLeft = 0;
  /** The promise that callers share while the source is being asked. */
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
    // The environment's credential is read at every call, so it must not pay for another async function.
    if (refused === undefined) return this.#model;
    return this.#wait(refused, options?.signal);
  }

  getCredentialSync() {
    if (this.#generation === generation && --this.#callsLeft > 0) return this.#model;
    const refused = this.#guard ? this.#askCached() : this.#askBlocking();
    if (refused) throw errors().toError(refused.failure);
    return this.#model;
  }

  async explain(options) {
    try {
      return await require('./explain.js').explain(this.#client, this.#guard, options);
    } finally {
      emitWarnings();
    }
  }

  status() {
    const { customStatus, statusOf } = require('./status.js');
    if (this.#client === undefined) return customStatus(this.#guard.name);
    return statusOf(this.#client, (failure) => this.#errorOf(failure));
  }

  on(kind, listener) {
    this.#events().add('on', kind, listener);
    return this;
  }

  once(kind, listener) {
    this.#events().add('once', kind, listener);
    return this;
  }

  off(kind, listener) {
    events().eventsOf(this)?.remove(kind, listener);
    return this;
  }

  addListener(kind, listener) {
    return this.on(kind, listener);
  }

  removeListener(kind, listener) {
    return this.off(kind, listener);
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

  /** In the official package, the object that does the work. */
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
    if (answer) throw answer.error ?? this.#errorOf(answer.failure);
    return this.#model;
  }

  #errorOf(failure) {
    return errors().toError(failure, this.#guard?.causeOf(failure));
  }

  #events() {
    const toError = (failure) => this.#errorOf(failure);
    return events().eventsFor(this, { client: this.#client, channel: eventChannel(), toError });
  }

  /** Listens for events on behalf of the channel's subscribers. Call it before the native client is asked. */
  #listenForChannel() {
    if (hasSubscribers()) this.#events().listen();
  }

  /**
   * Asks the source. Returns `undefined` if `#model` is the answer; else `{ failure }` or, from a custom provider that
   * is asked directly, `{ error }`; or a promise of one of these, which never rejects.
   */
  #ask() {
    if (this.#guard?.isRecursive()) return errors().recursion();
    if (this.#pending) return this.#pending;
    this.#guard?.begin();
    if (this.#client === undefined) {
      this.#pending = this.#askCustom();
      return this.#pending;
    }
    this.#listenForChannel();
    let resolve;
    const answer = native.ask(this.#client, (reply) => {
      this.#pending = undefined;
      resolve(this.#take(reply));
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

  #askBlocking() {
    this.#listenForChannel();
    return this.#take(native.wait(this.#client));
  }

  /** Asks only the cache: a custom provider or an update callback needs the event loop, which a blocking call stops. */
  #askCached() {
    if (this.#client === undefined) {
      if (this.#model?.expiration > new Date()) return undefined;
    } else {
      const answer = native.cached(this.#client);
      if (answer !== null) return this.#take(answer);
    }
    return errors().needsLoop();
  }

  /** Stores the native library's answer. A number means that the credential is still the last one. */
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

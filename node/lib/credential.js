'use strict';

const native = require('../native.js');
const { Due } = require('./due.js');
const { cancelled, toError } = require('./errors.js');
const { inspectCustom, modelOf, optionsOf } = require('./models.js');
const { waitFor } = require('./waiting.js');

// A client hands out its own copy of the credential for as long as this number is the one that it was stored under:
// comparing two numbers costs a hundredth of a call into the native library, and a fifth of reading the clock. It
// changes when a copy of any client falls due, and when any client is told to forget its own; whoever finds it changed
// asks the native library, whose clock decides.
let generation = 0;
const NO_GENERATION = -1;
const due = new Due(() => {
  generation += 1;
});

/** How many calls in a row may pass unchecked: a loop that awaits nothing else lets no timer run. */
const CALLS_PER_CHECK = 4096;

/** Documented in index.d.ts, as everything that users see. */
class Credential {
  #native;
  /** The last credential that was found, fresh or not. */
  #model;
  #generation = NO_GENERATION;
  #callsLeft = 0;
  /** The question that all callers share while it is open, and how to answer it. */
  #pending;
  #resolvePending;
  #tell = (answer) => {
    this.#pending = undefined;
    this.#resolvePending(this.#take(answer));
  };

  constructor(config, provider) {
    if (provider !== undefined && provider !== null) {
      // Silently resolving something else than the caller's own provider would be the worst answer.
      const message = 'custom providers are not supported; describe the source in the configuration';
      throw toError({ kind: 'invalid_config', message, attempts: [] });
    }
    const { names, values } = config === undefined || config === null ? { values: [] } : optionsOf(config);
    const opened = native.open(names, values, process.versions.node);
    if (opened.failure) throw toError(opened.failure);
    this.#native = opened;
  }

  async getCredential(options) {
    if (options?.signal?.aborted) throw cancelled(options.signal.reason);
    if (this.#generation === generation && --this.#callsLeft > 0) return this.#model;
    const refused = this.#ask();
    // The environment's credential comes this way every time: it must not wait for another async function.
    if (refused === undefined) return this.#model;
    return this.#wait(refused, options?.signal);
  }

  async getAccessKeyId() {
    return (await this.getCredential()).accessKeyId;
  }

  async getAccessKeySecret() {
    return (await this.getCredential()).accessKeySecret;
  }

  async getSecurityToken() {
    return (await this.getCredential()).securityToken;
  }

  getBearerToken() {
    return this.#native.bearerToken ?? undefined;
  }

  getType() {
    return this.#native.type;
  }

  invalidate() {
    this.#native.invalidate();
    generation += 1;
  }

  toJSON() {
    return { type: this.getType() };
  }

  [inspectCustom](depth, options, inspect) {
    return `Credential ${inspect(this.toJSON(), options)}`;
  }

  async #wait(refused, signal) {
    const answer = refused instanceof Promise ? await waitFor(refused, signal) : refused;
    if (answer) throw toError(answer.failure);
    return this.#model;
  }

  /** `undefined` if `#model` is the answer, else `{ failure }`; or a promise of one of them, which never rejects. */
  #ask() {
    if (this.#pending) return this.#pending;
    const answer = this.#native.ask(this.#tell);
    if (answer !== null) return this.#take(answer);
    this.#pending = new Promise((resolve) => {
      this.#resolvePending = resolve;
    });
    return this.#pending;
  }

  /** Takes in what the native library answered: a number says that the credential is the last one still. */
  #take(answer) {
    for (const warning of native.takeWarnings() ?? []) process.emitWarning(warning, 'AliyunCredWarning');
    if (answer.failure) return answer;
    let freshFor = answer;
    if (typeof answer === 'object') {
      this.#model = modelOf(answer);
      freshFor = answer.freshFor;
    }
    if (freshFor > 0) {
      this.#generation = generation;
      this.#callsLeft = CALLS_PER_CHECK;
      due.add(freshFor);
    } else {
      this.#generation = NO_GENERATION;
    }
    return undefined;
  }
}

module.exports = { CALLS_PER_CHECK, Credential };

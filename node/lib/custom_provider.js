'use strict';

const native = require('../native.js');
const { kindOf, ofKind, toError } = require('./errors.js');
const { modelOf } = require('./models.js');
const { RecursionGuard } = require('./recursion.js');
const { LIMIT, within } = require('./keep_alive.js');

const text = (value) => (typeof value === 'string' && value !== '' ? value : undefined);

/** Picks the fields of a credential from a provider's answer, in the order of the native functions; drops other types. */
function fieldsOf(given) {
  const { accessKeyId, accessKeySecret, securityToken, bearerToken, providerName, expiration } = given ?? {};
  return [
    text(accessKeyId),
    text(accessKeySecret),
    text(securityToken),
    text(bearerToken),
    text(providerName) && native.oneLine(providerName),
    expiration instanceof Date ? expiration.getTime() : undefined,
  ];
}

/** A custom provider. Runs on this event loop; a call fails after a minute. */
class CustomProvider extends RecursionGuard {
  #provider;
  #limit;
  /** The last failure: `error` was thrown, `said` is what the native library was told. */
  #failure;

  constructor(provider, limit = LIMIT) {
    super();
    this.#provider = provider;
    this.#limit = limit;
    this.name = native.oneLine(String(provider.getProviderName()));
  }

  /** Calls the provider directly. Returns the model of its answer. */
  async ask() {
    const late = () => this.#error('timeout', `gave no credential within ${this.#limit / 1000} s`);
    let given;
    try {
      given = await within(this.#limit, this.#call(), late);
    } catch (error) {
      throw error instanceof Error ? error : this.#error('internal', 'threw something that is no Error', error);
    }
    const answer = native.check(this.name, ...fieldsOf(given));
    if (answer.failure) throw toError(answer.failure);
    return modelOf(answer);
  }

  /** Makes a native client that asks this provider. */
  open() {
    return native.customProvider(this.name, (question) => void this.#answer(question));
  }

  causeOf(failure) {
    return this.#failure && failure.message.includes(this.#failure.said) ? this.#failure.error : undefined;
  }

  async #answer(question) {
    try {
      const fields = fieldsOf(await this.#call());
      this.#failure = undefined;
      native.give(question, ...fields);
    } catch (error) {
      const what = error instanceof Error ? `failed: ${error.message}` : 'threw something that is no Error';
      const said = native.oneLine(`the provider '${this.name}' ${what}`);
      this.#failure = { error, said };
      native.refuse(question, kindOf(error) ?? 'internal', said);
    }
  }

  #call() {
    return this.run(() => this.#provider.getCredentials());
  }

  #error(kind, what, cause) {
    return ofKind(kind, `the provider '${this.name}' ${what}`, cause);
  }
}

module.exports = { CustomProvider };

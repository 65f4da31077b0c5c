'use strict';

const native = require('../native.js');
const { kindOf, ofKind } = require('./errors.js');
const { modelOf } = require('./models.js');
const { RecursionGuard } = require('./recursion.js');
const { LIMIT, within } = require('./keep_alive.js');

const text = (value) => (typeof value === 'string' && value !== '' ? value : undefined);

/** The fields that hold a key, secret or token, with the names that messages use. */
const KEYS = {
  accessKeyId: 'AccessKey ID',
  accessKeySecret: 'AccessKey secret',
  securityToken: 'security token',
  bearerToken: 'bearer token',
};

/** Picks the fields of a credential from a provider's answer; drops values of other types. */
function fieldsOf(given) {
  const { expiration } = given ?? {};
  const fields = { expiration: expiration instanceof Date ? expiration.getTime() : undefined };
  for (const name of [...Object.keys(KEYS), 'providerName']) fields[name] = text(given?.[name]);
  if (fields.providerName) fields.providerName = native.oneLine(fields.providerName);
  return fields;
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
    // The native library checks only the answers that it asks for itself.
    const { bearerToken, ...fields } = this.#checked(fieldsOf(given));
    if (bearerToken === undefined && !(fields.accessKeyId && fields.accessKeySecret)) {
      throw this.#error('internal', 'gave a credential without AccessKey ID or secret');
    }
    if (fields.expiration <= Date.now()) throw this.#error('expired', 'gave a credential that has already expired');
    const answer = { ...fields, type: bearerToken ? 'bearer' : this.name };
    answer.providerName ??= this.name;
    if (bearerToken) answer.bearerToken = bearerToken;
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
      native.give(
        question,
        fields.accessKeyId,
        fields.accessKeySecret,
        fields.securityToken,
        fields.bearerToken,
        fields.providerName,
        fields.expiration,
      );
    } catch (error) {
      const what = error instanceof Error ? `failed: ${error.message}` : 'threw something that is no Error';
      const said = native.oneLine(`the provider '${this.name}' ${what}`);
      this.#failure = { error, said };
      native.refuse(question, kindOf(error) ?? 'internal', said);
    }
  }

  /** Cuts white space off the keys. Throws if a value cannot be a key. */
  #checked(fields) {
    for (const [name, what] of Object.entries(KEYS)) {
      if (fields[name] === undefined) continue;
      const { key, why } = native.key(fields[name], `the ${what} of the provider '${this.name}'`);
      if (why !== undefined) throw ofKind('internal', why);
      fields[name] = text(key);
    }
    return fields;
  }

  #call() {
    return this.run(() => this.#provider.getCredentials());
  }

  #error(kind, what, cause) {
    return ofKind(kind, `the provider '${this.name}' ${what}`, cause);
  }
}

module.exports = { CustomProvider };

'use strict';

const native = require('../native.js');
const { kindOf, ofKind } = require('./errors.js');
const { modelOf } = require('./models.js');
const { RecursionGuard } = require('./recursion.js');
const { LIMIT, within } = require('./keep_alive.js');

const text = (value) => (typeof value === 'string' && value !== '' ? value : undefined);

/** The fields that are a key, secret or token, and what texts call them. */
const KEYS = {
  accessKeyId: 'AccessKey ID',
  accessKeySecret: 'AccessKey secret',
  securityToken: 'security token',
  bearerToken: 'bearer token',
};

/** What a provider gave, without what is none of a credential's. */
function fieldsOf(given) {
  const { expiration } = given ?? {};
  const fields = { expiration: expiration instanceof Date ? expiration.getTime() : undefined };
  for (const name of [...Object.keys(KEYS), 'providerName']) fields[name] = text(given?.[name]);
  if (fields.providerName) fields.providerName = native.oneLine(fields.providerName);
  return fields;
}

/** A provider of the user's own, written in JavaScript. It runs on this event loop, and is given up after a minute. */
class CustomProvider extends RecursionGuard {
  #provider;
  #limit;
  /** The last failure: what was thrown, and what was said of it. */
  #failure;

  constructor(provider, limit = LIMIT) {
    super();
    this.#provider = provider;
    this.#limit = limit;
    this.name = native.oneLine(String(provider.getProviderName()));
  }

  /** Asks it directly: the model of what it gives. */
  async ask() {
    const late = () => this.#error('timeout', `gave no credential within ${this.#limit / 1000} s`);
    let given;
    try {
      given = await within(this.#limit, this.#call(), late);
    } catch (error) {
      throw error instanceof Error ? error : this.#error('internal', 'threw something that is no Error', error);
    }
    // The native library looks at the answers that it asks for by itself.
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

  /** A native client that asks it. */
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

  /** The fields with their keys as a credential holds them, or why they cannot be keys. */
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

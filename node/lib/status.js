'use strict';

const native = require('../native.js');

/** Reads a JSON object of the native library, and spells its names as JavaScript does. */
function fromJson(json) {
  return JSON.parse(json, (_, value) => {
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [camelCase(name), inner]));
  });
}

function camelCase(name) {
  return name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
}

/**
 * Returns what is known about a client without asking its source.
 * @param {object} client - the native client
 * @param {(failure: object) => Error} toError
 */
function statusOf(client, toError) {
  const { json, failure } = native.status(client);
  return { ...fromJson(json), lastError: failure ? toError(failure) : null };
}

/** The status of a custom provider called `name` that is asked directly: nothing of it is kept. */
function customStatus(name) {
  return {
    type: name,
    hasCredentials: false,
    providerName: null,
    expiration: null,
    age: null,
    refreshIn: null,
    isPastExpiration: false,
    lastRefresh: null,
    failures: 0,
    lastError: null,
    clockOffset: native.clockOffset(),
  };
}

module.exports = { customStatus, fromJson, statusOf };

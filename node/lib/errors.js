'use strict';

const native = require('../native.js');

const PREFIX = 'ERR_ALIYUN_CRED_';

/** `not_configured` -> `ERR_ALIYUN_CRED_NOT_CONFIGURED`. */
function codeOf(kind) {
  return PREFIX + kind.toUpperCase();
}

/** Reverses `codeOf`. Returns `undefined` for an error of another origin. */
function kindOf(error) {
  const code = error?.code;
  return typeof code === 'string' && code.startsWith(PREFIX) ? code.slice(PREFIX.length).toLowerCase() : undefined;
}

/** Makes the `Error` for a failure that the native library reports, with the stack of the place that throws it. */
function toError({ kind, message, ...details }, cause) {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  return Object.assign(error, { code: codeOf(kind), ...details });
}

/** Makes the `Error` for a failure that JavaScript detects. */
function ofKind(kind, message, cause) {
  return toError({ kind, message: native.oneLine(message), attempts: [] }, cause);
}

/** Makes the `Error` for a caller whose signal aborted with `reason`. */
function cancelled(reason) {
  return ofKind('cancelled', 'the caller gave up waiting for the credential; the refresh goes on', reason);
}

// The next two have the shape of a failure that the native library reports.

function recursion() {
  const message = 'a provider asked the client that is asking it; give it a client of another source';
  return { failure: { kind: 'recursion', message, attempts: [] } };
}

function needsLoop() {
  const message =
    'getCredentialSync() cannot wait for a provider or a callback that is written in JavaScript; await getCredential()';
  return { failure: { kind: 'invalid_config', message, attempts: [] } };
}

module.exports = { cancelled, codeOf, kindOf, needsLoop, ofKind, recursion, toError };

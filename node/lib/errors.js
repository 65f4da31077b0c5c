'use strict';

const native = require('../native.js');

const PREFIX = 'ERR_ALIYUN_CRED_';

/** `not_configured` -> `ERR_ALIYUN_CRED_NOT_CONFIGURED`. */
function codeOf(kind) {
  return PREFIX + kind.toUpperCase();
}

/** The reverse of `codeOf`; `undefined` for an error that is none of ours. */
function kindOf(error) {
  const code = error?.code;
  return typeof code === 'string' && code.startsWith(PREFIX) ? code.slice(PREFIX.length).toLowerCase() : undefined;
}

/** The `Error` for a failure that the native library reports. Made where it is thrown, so that its stack helps. */
function toError({ kind, message, ...details }, cause) {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  return Object.assign(error, { code: codeOf(kind), ...details });
}

/** The `Error` of a failure that is noticed on this side. */
function ofKind(kind, message, cause) {
  return toError({ kind, message: native.oneLine(message), attempts: [] }, cause);
}

/** The `Error` of a caller that gave up; `reason` is its signal's. */
function cancelled(reason) {
  return ofKind('cancelled', 'the caller gave up waiting for the credential; the refresh goes on', reason);
}

// The two below are told as the native library tells a failure.

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

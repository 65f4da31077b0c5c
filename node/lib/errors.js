'use strict';

const PREFIX = 'ERR_ALIYUN_CRED_';

/** `not_configured` -> `ERR_ALIYUN_CRED_NOT_CONFIGURED`. */
function codeOf(kind) {
  return PREFIX + kind.toUpperCase();
}

/** The `Error` for a failure that the native library reports. Made where it is thrown, so that its stack helps. */
function toError({ kind, message, ...details }) {
  return Object.assign(new Error(message), { code: codeOf(kind), ...details });
}

/** The `Error` of a caller that gave up; `reason` is its signal's. */
function cancelled(reason) {
  const message = 'the caller gave up waiting for the credential; the refresh goes on';
  const error = new Error(message, reason === undefined ? undefined : { cause: reason });
  return Object.assign(error, { code: codeOf('cancelled'), attempts: [] });
}

module.exports = { cancelled, codeOf, toError };

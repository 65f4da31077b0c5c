'use strict';

// Connects a client to SDKs that sign requests themselves. Each function returns options for an SDK's constructor. This
// file loads no SDK.

/** Returns the three parts of the current credential, for an SDK that signs with an AccessKey pair. */
async function pair(client) {
  const { accessKeyId, accessKeySecret, securityToken, bearerToken, type } = await client.getCredential();
  // `@alicloud/pop-core` would send an unsigned request.
  if (bearerToken !== undefined) {
    const { ofKind } = require('./lib/errors.js');
    const message = `a credential of type ${type} has no AccessKey pair, without which this SDK cannot sign: use a client of another type`;
    throw ofKind('invalid_config', message);
  }
  return { accessKeyId, accessKeySecret, securityToken };
}

async function aliOss(client) {
  const ask = async () => {
    const { securityToken: stsToken, ...rest } = await pair(client);
    return { ...rest, stsToken };
  };
  // Interval 0: the SDK asks at every request. That is cheap, and the client knows when a credential is due.
  return { ...(await ask()), refreshSTSToken: ask, refreshSTSTokenInterval: 0 };
}

/**
 * Returns the options for `@alicloud/log` and `@alicloud/pop-core`, which ask at every request. The former requires an
 * async function.
 */
function asking(client) {
  return {
    credentialsProvider: {
      async getCredentials() {
        return pair(client);
      },
    },
  };
}

module.exports = { aliOss, log: asking, popCore: asking };

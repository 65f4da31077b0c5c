'use strict';

// How SDKs with a protocol of their own get their credential from a client. Each function returns options for the
// SDK's constructor. The SDKs themselves are not loaded here: they only ask what they are given.

/** The current credential's three parts, for an SDK that signs with an AccessKey pair. */
async function pair(client) {
  const { accessKeyId, accessKeySecret, securityToken, bearerToken, type } = await client.getCredential();
  // Without a pair, `@alicloud/pop-core` would send its request unsigned.
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
  // At every request, which costs next to nothing: the client knows when a credential is due, the SDK does not.
  return { ...(await ask()), refreshSTSToken: ask, refreshSTSTokenInterval: 0 };
}

/** What `@alicloud/log` and `@alicloud/pop-core` ask at every request; the former insists on an async function. */
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

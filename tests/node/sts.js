'use strict';

// A small STS on loopback. As a module it serves in this event loop; started as a worker (`workerData.lifetime`) it
// serves in one of its own, for tests that block theirs, and posts its port.

const { once } = require('node:events');
const { createServer } = require('node:http');
const { isMainThread, parentPort, workerData } = require('node:worker_threads');

const { issuedSecret, issuedToken } = require('./secrets.js');

/**
 * Starts it. Every answer holds another credential: `STS.1`, `STS.2`, ...
 * @param lifetime - of the credentials, in seconds
 */
async function serve({ lifetime = 3600 } = {}) {
  const sts = {
    /** How many requests have come in. */
    requests: 0,
    /** Called at each request. */
    onRequest() {},
    /** A status and a body to refuse with instead. */
    refusal: undefined,
    /** A promise that answers wait for. */
    held: undefined,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  const server = createServer(async (request, response) => {
    sts.requests += 1;
    const number = sts.requests;
    sts.onRequest(number);
    request.resume();
    await once(request, 'end');
    await sts.held;
    const [status, body] = sts.refusal ?? [
      200,
      { Credentials: credential(number, lifetime), RequestId: `R-${number}` },
    ];
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  sts.port = server.address().port;
  return sts;
}

function credential(number, lifetime) {
  return {
    AccessKeyId: `STS.${number}`,
    AccessKeySecret: issuedSecret(number),
    SecurityToken: issuedToken(number),
    Expiration: new Date(Date.now() + lifetime * 1000).toISOString().replace(/\.\d+Z$/, 'Z'),
  };
}

if (!isMainThread && workerData?.lifetime) serve(workerData).then(({ port }) => parentPort.postMessage(port));

module.exports = { serve };

// Shows the state of a client to Prometheus: npm install aliyun-cred prom-client

const http = require('http');
const { default: Credential } = require('aliyun-cred');
const { Counter, Gauge, register } = require('prom-client');

/** Returns a client whose state the metrics show. */
function watch(config) {
  const client = new Credential(config);
  const events = new Counter({
    name: 'aliyun_cred_events_total',
    help: 'What happened to the credential',
    labelNames: ['kind'],
  });
  for (const kind of ['refreshed', 'refresh_failed', 'serving_expired', 'source_changed']) {
    client.on(kind, () => events.inc({ kind }));
  }
  // Called for each scrape: a status asks nobody.
  new Gauge({
    name: 'aliyun_cred_seconds_until_expiry',
    help: 'Seconds until the credential expires; +Inf if it never does, NaN if there is none',
    collect() {
      const { hasCredentials, expiration } = client.status();
      if (!hasCredentials) this.set(NaN);
      else this.set(expiration === null ? Infinity : (expiration - Date.now()) / 1000);
    },
  });
  new Gauge({
    name: 'aliyun_cred_failures',
    help: 'Attempts in a row that failed to fetch a credential',
    collect() {
      this.set(client.status().failures);
    },
  });
  return client;
}

module.exports = { watch };

if (require.main === module) {
  const client = watch();
  http
    .createServer(async (request, response) => {
      // What a service does with it.
      await client.getCredential().catch(() => {});
      response.setHeader('Content-Type', register.contentType).end(await register.metrics());
    })
    .listen(Number(process.argv[2] || 9100), '127.0.0.1');
}

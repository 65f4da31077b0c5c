'use strict';

// The deprecated getters give one field each; reads in a row are of one credential.

const test = require('node:test');
const assert = require('node:assert/strict');
const { setImmediate: turn } = require('node:timers/promises');
const { Credential } = require('../../node');

let now = 0;
test.before(() => {
  Object.defineProperty(performance, 'now', { value: () => now });
});

/** Each credential that it is asked for is another one. */
class Counted extends Credential {
  asked = 0;
  expiration = new Date(Date.now() + 3600_000);
  failing = false;

  constructor() {
    super({ type: 'access_key', accessKeyId: 'i', accessKeySecret: 's' });
  }

  async getCredential() {
    const number = (this.asked += 1);
    await turn();
    if (this.failing) throw new Error('meant');
    const [accessKeyId, accessKeySecret, securityToken] = ['id', 'secret', 'token'].map((name) => `${name} ${number}`);
    return { accessKeyId, accessKeySecret, securityToken, expiration: this.expiration };
  }
}

const ALL = ['getAccessKeyId', 'getAccessKeySecret', 'getSecurityToken'];

/** Which credential each field is of. */
async function sign(client, { between = () => {}, order = ALL } = {}) {
  const read = [];
  for (const name of order) {
    read.push((await client[name]()).split(' ')[1]);
    await between();
  }
  return read.join('');
}

test('three reads are of one credential, in any order', async () => {
  const client = new Counted();
  assert.equal(await sign(client, { between: turn }), '111');
  assert.equal(await sign(client), '222');
  assert.equal(await sign(client, { order: [...ALL].reverse() }), '333');
  const all = [client.getAccessKeyId(), client.getAccessKeySecret(), client.getSecurityToken()];
  assert.deepEqual(await Promise.all(all), ['id 4', 'secret 4', 'token 4']);
});

test('a field that is read again is current', async () => {
  const client = new Counted();
  assert.equal(await sign(client, { order: ['getAccessKeyId', 'getAccessKeyId', 'getAccessKeySecret'] }), '122');
});

test('reads of many signatures at once are kept apart', async () => {
  const client = new Counted();
  const between = (index) => () => (index % 3 === 0 ? undefined : turn());
  const found = await Promise.all(Array.from({ length: 50 }, (_, index) => sign(client, { between: between(index) })));
  assert.deepEqual(
    found.sort((one, other) => one.length - other.length || (one < other ? -1 : 1)),
    Array.from({ length: 50 }, (_, index) => `${index + 1}`.repeat(3)),
  );
});

test('two clients are kept apart', async () => {
  const [one, other] = [new Counted(), new Counted()];
  assert.equal(await one.getAccessKeyId(), 'id 1');
  assert.equal(await other.getAccessKeySecret(), 'secret 1');
  assert.equal(await one.getAccessKeySecret(), 'secret 2');
});

test('what is read later, or past its end, is current', async () => {
  const client = new Counted();
  const later = () => {
    now += 600;
  };
  assert.equal(await sign(client, { between: later }), '112');
  client.expiration = new Date(Date.now() - 1);
  assert.equal(await sign(client), '345');
});

test('a failure ends the row', async () => {
  const client = new Counted();
  client.failing = true;
  await assert.rejects(client.getAccessKeyId(), /meant/);
  await assert.rejects(client.getAccessKeySecret(), /meant/);
  client.failing = false;
  assert.equal(await client.getSecurityToken(), 'token 3');
});

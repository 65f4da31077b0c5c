'use strict';

const { AsyncLocalStorage } = require('node:async_hooks');

// Reads that belong together follow each other at once. What comes later is something else, and gets what is current.
const MILLISECONDS = 1000;

/**
 * What the caller, and whatever it awaits or starts, reads one by one: whose credential, a promise of it and then that
 * itself, which fields of it have been read, and since when.
 */
const rows = new AsyncLocalStorage();

function isContinued(row, client, name) {
  if (row?.client?.deref() !== client || row.read.has(name)) return false;
  if (performance.now() - row.since > MILLISECONDS) return false;
  return !(row.model?.expiration <= new Date());
}

/**
 * One field of a client's credential, for the deprecated getters: reads in a row are of one credential.
 *
 * Older SDKs ask for AccessKey ID, secret and token one after the other, and sign with what they have got; a refresh in
 * between would leave them with a signature that nobody accepts. So what is read on one way of asynchronous calls comes
 * from the same credential, until a field is read for the second time.
 *
 * @param {import('./credential.js').Credential} client
 * @param {'accessKeyId' | 'accessKeySecret' | 'securityToken'} name
 */
async function field(client, name) {
  let row = rows.getStore();
  if (!isContinued(row, client, name)) {
    row = { client: new WeakRef(client), read: new Set(), since: performance.now(), asked: client.getCredential() };
    // Before anything is awaited, and so for the caller too.
    rows.enterWith(row);
  }
  row.read.add(name);
  const { asked } = row;
  // With all three read the row is at its end; what it held may go.
  if (row.read.size === 3) row.client = row.asked = row.model = undefined;
  try {
    const model = await asked;
    if (row.asked !== undefined) row.model = model;
    return model[name];
  } catch (error) {
    row.client = undefined;
    throw error;
  }
}

module.exports = { field };

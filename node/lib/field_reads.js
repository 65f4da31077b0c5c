'use strict';

const { AsyncLocalStorage } = require('node:async_hooks');

// Reads that belong together follow each other at once. What comes later is something else, and gets what is current.
const MILLISECONDS = 1000;

/**
 * What the caller, and whatever it awaits or starts, reads one by one: whose credential, a promise of it and then that
 * itself, which fields of it have been read, and since when.
 */
const currentSeries = new AsyncLocalStorage();

function isContinued(series, client, name) {
  if (series?.client?.deref() !== client || series.read.has(name)) return false;
  if (performance.now() - series.since > MILLISECONDS) return false;
  return !(series.model?.expiration <= new Date());
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
  let series = currentSeries.getStore();
  if (!isContinued(series, client, name)) {
    series = { client: new WeakRef(client), read: new Set(), since: performance.now(), asked: client.getCredential() };
    // Before anything is awaited, and so for the caller too.
    currentSeries.enterWith(series);
  }
  series.read.add(name);
  const { asked } = series;
  // With all three read the series is at its end; what it held may go.
  if (series.read.size === 3) series.client = series.asked = series.model = undefined;
  try {
    const model = await asked;
    if (series.asked !== undefined) series.model = model;
    return model[name];
  } catch (error) {
    series.client = undefined;
    throw error;
  }
}

module.exports = { field };

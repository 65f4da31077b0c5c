'use strict';

const { AsyncLocalStorage } = require('node:async_hooks');
const native = require('../native.js');

// Reads that belong together follow each other at once. A later read starts a new series with the current credential.
const MILLISECONDS = 1000;

/**
 * The series of reads that the caller, and everything that it awaits or starts, belongs to: the client, the promise of
 * its credential and then the credential itself, the fields read so far, and the time of the first read.
 */
const currentSeries = new AsyncLocalStorage();

function isContinued(series, client, name) {
  if (series?.client?.deref() !== client || series.read.has(name)) return false;
  if (performance.now() - series.since > MILLISECONDS) return false;
  return !(series.model?.expiration <= Date.now() + native.clockOffset());
}

/**
 * Returns one field of a client's credential, for the deprecated getters. Consecutive reads use one credential.
 *
 * Older SDKs read AccessKey ID, secret and token one after the other, then sign. A refresh in between would mix two
 * credentials, and the service would reject the signature. So all reads in one asynchronous context come from the same
 * credential, until a field is read for the second time.
 *
 * @param {import('./credential.js').Credential} client
 * @param {'accessKeyId' | 'accessKeySecret' | 'securityToken'} name
 */
async function field(client, name) {
  let series = currentSeries.getStore();
  if (!isContinued(series, client, name)) {
    series = { client: new WeakRef(client), read: new Set(), since: performance.now(), asked: client.getCredential() };
    // Before the first await, so that the caller's context keeps it, too.
    currentSeries.enterWith(series);
  }
  series.read.add(name);
  const { asked } = series;
  // All three fields are read: the series ends, and releases what it holds.
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

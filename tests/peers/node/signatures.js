'use strict';

// The services' signatures, read anew from their documentation: what a recorded request says of who signed it. Each
// function takes a request and gives `{ accessKeyId, securityToken, signature, expected }`; `expected(secret)` is what
// the signature would be.

const assert = require('node:assert/strict');
const { createHash, createHmac } = require('node:crypto');

const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const mac = (algorithm, key, text) => createHmac(algorithm, key).update(text).digest();
const sha1 = (secret, text) => mac('sha1', secret, text).toString('base64');

/** The key of the version 4 signatures: the secret, hashed with each part of the scope in turn. */
function derived(secret, scope) {
  return scope.reduce((key, part) => mac('sha256', key, part), `aliyun_v4${secret}`);
}

/** The headers that begin so, sorted, each with its line break. */
function lines(headers, ...prefixes) {
  const names = Object.keys(headers).filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));
  return names
    .sort()
    .map((name) => `${name}:${headers[name].trim()}\n`)
    .join('');
}

/** Path and query; of the query the items in order, one without a value without its equals sign. */
function split(url) {
  const [path, query = ''] = url.split('?');
  const items = query === '' ? [] : query.split('&').map((item) => item.replace(/=$/, ''));
  return [path, items.sort().join('&')];
}

/** Simple Log Service, version 1. */
function log({ method, url, headers }) {
  const [accessKeyId, signature] = headers.authorization.replace(/^LOG /, '').split(':');
  const [path, query] = split(url);
  const parts = [method, headers['content-md5'] ?? '', headers['content-type'] ?? '', headers.date];
  const resource = path + (query === '' ? '' : `?${decodeURIComponent(query)}`);
  const text = `${parts.join('\n')}\n${lines(headers, 'x-log-', 'x-acs-')}${resource}`;
  return {
    accessKeyId,
    securityToken: headers['x-acs-security-token'],
    signature,
    expected: (secret) => sha1(secret, text),
  };
}

/** The ROA signature of the older services, version 1. */
function roa({ method, url, headers }) {
  const [accessKeyId, signature] = headers.authorization.replace(/^acs /, '').split(':');
  const [path, query] = split(url);
  const parts = ['accept', 'content-md5', 'content-type', 'date'].map((name) => headers[name] ?? '');
  const resource = path + (query === '' ? '' : `?${decodeURIComponent(query)}`);
  const text = `${[method, ...parts].join('\n')}\n${lines(headers, 'x-acs-')}${resource}`;
  return {
    accessKeyId,
    securityToken: headers['x-acs-security-token'],
    signature,
    expected: (secret) => sha1(secret, text),
  };
}

/** OSS, version 1, of a bucket in the host's name. */
function oss1(bucket) {
  return ({ method, url, headers }) => {
    const [accessKeyId, signature] = headers.authorization.replace(/^OSS /, '').split(':');
    const parts = [method, headers['content-md5'] ?? '', headers['content-type'] ?? '', headers['x-oss-date']];
    const text = `${parts.join('\n')}\n${lines(headers, 'x-oss-')}/${bucket}${url}`;
    return {
      accessKeyId,
      securityToken: headers['x-oss-security-token'],
      signature,
      expected: (secret) => sha1(secret, text),
    };
  };
}

/** OSS, version 4 with an unsigned payload, of a bucket in the host's name. */
function oss4(bucket) {
  return ({ method, url, headers }) => {
    const [, credential, signature] = headers.authorization.match(/Credential=([^,]+),Signature=(\w+)$/);
    const [accessKeyId, ...scope] = credential.split('/');
    const [path, query] = split(url);
    const canonical = [
      method,
      `/${bucket}${path}`,
      query,
      lines(headers, 'x-oss-', 'content-type', 'content-md5'),
      '',
      headers['x-oss-content-sha256'],
    ].join('\n');
    const text = ['OSS4-HMAC-SHA256', headers['x-oss-date'], scope.join('/'), sha256(canonical)].join('\n');
    return {
      accessKeyId,
      securityToken: headers['x-oss-security-token'],
      signature,
      expected: (secret) => mac('sha256', derived(secret, scope), text).toString('hex'),
    };
  };
}

/** The RPC APIs' signature, version 3, with the headers that it lists. */
function v3({ method, url, headers }) {
  const [algorithm, fields] = headers.authorization.split(' ');
  const field = Object.fromEntries(fields.split(',').map((pair) => pair.split(/=(.*)/, 2)));
  const text = `${algorithm}\n${sha256(canonical(method, url, headers, field.SignedHeaders))}`;
  return {
    accessKeyId: field.Credential,
    securityToken: headers['x-acs-security-token'],
    signature: field.Signature,
    expected: (secret) => mac('sha256', secret, text).toString('hex'),
  };
}

/** A request as versions 3 and 4 of Alibaba Cloud's APIs write it. */
function canonical(method, url, headers, names) {
  const signed = names.split(';').map((name) => `${name}:${headers[name].trim()}\n`);
  const [path, query] = url.split('?');
  const items = (query ?? '').split('&').sort().join('&');
  return [method, path, items, signed.join(''), names, headers['x-acs-content-sha256']].join('\n');
}

/**
 * The gateway of the newer services: version 4 with the headers that it lists. Between the steps that derive the key,
 * the version of the gateway that npm can install (0.0.6, with @alicloud/darabonba-signature-util 0.0.4) makes text of
 * what are bytes, which is not what is documented; no credential has a part in that.
 */
function pop({ method, url, headers }) {
  const [algorithm, fields] = headers.authorization.split(' ');
  const field = Object.fromEntries(fields.split(',').map((pair) => pair.split('=')));
  const [accessKeyId, ...scope] = field.Credential.split('/');
  const text = `${algorithm}\n${sha256(canonical(method, url, headers, field.SignedHeaders))}`;
  const key = (secret) => scope.reduce((last, part) => mac('sha256', last, part).toString(), `aliyun_v4${secret}`);
  return {
    accessKeyId,
    securityToken: headers['x-acs-security-token'],
    signature: field.Signature,
    expected: (secret) => mac('sha256', key(secret), text).toString('hex'),
  };
}

/** Fails unless AccessKey ID, secret and token are those of this one credential. Never shows a secret. */
function assertSignedBy(credential, { accessKeyId, securityToken, signature, expected }) {
  assert.equal(accessKeyId, credential.accessKeyId);
  assert.ok(securityToken === credential.securityToken, "the token is not this credential's");
  assert.ok(signature === expected(credential.accessKeySecret), 'signed with another secret');
}

module.exports = { assertSignedBy, log, oss1, oss4, pop, roa, v3 };

'use strict';

const inspectCustom = Symbol.for('nodejs.util.inspect.custom');

/** The properties of a configuration: name -> [key in a map, type]. */
const CONFIG = {
  type: ['type', 'string'],
  accessKeyId: ['accessKeyId', 'string'],
  accessKeySecret: ['accessKeySecret', 'string'],
  securityToken: ['securityToken', 'string'],
  bearerToken: ['bearerToken', 'string'],
  durationSeconds: ['durationSeconds', 'number'],
  roleArn: ['roleArn', 'string'],
  policy: ['policy', 'string'],
  roleSessionExpiration: ['roleSessionExpiration', 'number'],
  roleSessionName: ['roleSessionName', 'string'],
  externalId: ['externalId', 'string'],
  stsEndpoint: ['stsEndpoint', 'string'],
  stsRegionId: ['stsRegionId', 'string'],
  enableVpc: ['enableVpc', 'boolean'],
  oidcProviderArn: ['oidcProviderArn', 'string'],
  oidcTokenFilePath: ['oidcTokenFilePath', 'string'],
  publicKeyId: ['publicKeyId', 'string'],
  privateKeyFile: ['privateKeyFile', 'string'],
  privateKey: ['privateKey', 'string'],
  roleName: ['roleName', 'string'],
  enableIMDSv2: ['enableIMDSv2', 'boolean'],
  disableIMDSv1: ['disableIMDSv1', 'boolean'],
  metadataTokenDuration: ['metadataTokenDuration', 'number'],
  asyncCredentialUpdateEnabled: ['asyncCredentialUpdateEnabled', 'boolean'],
  credentialsURI: ['credentialsURI', 'string'],
  timeout: ['readTimeout', 'number'],
  connectTimeout: ['connectTimeout', 'number'],
  proxy: ['proxy', 'string'],
};

/** The six strings of a credential, in the same form. */
const MODEL = Object.fromEntries(
  ['accessKeyId', 'accessKeySecret', 'securityToken', 'bearerToken', 'type', 'providerName'].map((name) => [
    name,
    [name, 'string'],
  ]),
);

/** Properties that are masked in every output; a URL may hold a password. */
const SECRETS = new Set(['accessKeySecret', 'securityToken', 'bearerToken', 'privateKey', 'credentialsURI', 'proxy']);

/** Properties that are shown only if they look like a path. */
const PATHS = new Set(['oidcTokenFilePath', 'privateKeyFile']);

/** The known types. Any other value may be a secret in the wrong place. */
const TYPES = new Set([
  'access_key',
  'sts',
  'bearer',
  'ecs_ram_role',
  'ram_role_arn',
  'rsa_key_pair',
  'oidc_role_arn',
  'credentials_uri',
]);

function column(table, index) {
  return Object.fromEntries(Object.entries(table).map(([name, row]) => [name, row[index]]));
}

/** Copies the properties of `from` that are in `table` and not null, each mapped by `name` and `value`. */
function collect(table, from, name, value) {
  const into = {};
  for (const property of Object.keys(table)) {
    const found = from[property];
    if (found !== undefined && found !== null) into[name(property)] = value(property, found);
  }
  return into;
}

const same = (property) => property;
const asIs = (property, value) => value;
function masked(property, value) {
  if (SECRETS.has(property) && value !== '') return '***';
  if (!PATHS.has(property)) return value;
  return typeof value === 'string' ? require('../native.js').shownPath(value) : lengthOf(value);
}

function maskedOption(property, value) {
  return property === 'type' && !TYPES.has(value) ? lengthOf(value) : masked(property, value);
}

/** Describes a value that may be a secret in the wrong place. */
function lengthOf(value) {
  return typeof value === 'string' ? `<${value.length} characters>` : `<${typeof value}>`;
}

class Config {
  constructor(map) {
    if (map !== undefined && map !== null) Object.assign(this, collect(CONFIG, map, same, asIs));
  }

  static names() {
    return column(CONFIG, 0);
  }

  static types() {
    return column(CONFIG, 1);
  }

  toMap() {
    return collect(CONFIG, this, (property) => CONFIG[property][0], asIs);
  }

  toJSON() {
    return collect(CONFIG, this, same, maskedOption);
  }

  [inspectCustom](depth, options, inspect) {
    return `Config ${inspect(this.toJSON(), options)}`;
  }
}

/** Makes the model of the native library's answer. Frozen, because all callers of a client share it. */
let modelOf;

class CredentialModel {
  #expiration;

  static {
    modelOf = (answer) => {
      const model = new CredentialModel(answer);
      if (answer.bearerToken !== undefined) {
        Object.assign(model, { accessKeyId: '', accessKeySecret: '', securityToken: '' });
      }
      model.#expiration = answer.expiration;
      return Object.freeze(model);
    };
  }

  constructor(map) {
    if (map !== undefined && map !== null) Object.assign(this, collect(MODEL, map, same, asIs));
  }

  static names() {
    return column(MODEL, 0);
  }

  static types() {
    return column(MODEL, 1);
  }

  get expiration() {
    return this.#expiration === undefined ? undefined : new Date(this.#expiration);
  }

  toMap() {
    return collect(MODEL, this, same, asIs);
  }

  toJSON() {
    return collect(MODEL, this, same, masked);
  }

  [inspectCustom](depth, options, inspect) {
    return `CredentialModel ${inspect(this.toJSON(), options)}`;
  }
}

/** Returns the options that `config` sets. */
function optionsOf(config) {
  return collect(CONFIG, config, same, asIs);
}

module.exports = { Config, CredentialModel, inspectCustom, modelOf, optionsOf };

'use strict';

// The CommonJS entry. The module is the class itself, with everything else attached to it, so that `require(m)`,
// `require(m).default` and the `import` of TypeScript and Babel all find the same class.

const { Credential } = require('./lib/credential.js');
const { Config, CredentialModel } = require('./lib/models.js');

Object.assign(Credential, { default: Credential, Credential, Config, CredentialModel });
Object.defineProperty(Credential, '__esModule', { value: true });

// Loaded when first used: few programs need these classes.
for (const name of [
  'DefaultCredentialsProvider',
  'StaticAKCredentialsProvider',
  'StaticSTSCredentialsProvider',
  'RAMRoleARNCredentialsProvider',
  'OIDCRoleArnCredentialsProvider',
  'ECSRAMRoleCredentialsProvider',
  'KMSSecretCredentialsProvider',
  'URICredentialsProvider',
  'EnvironmentVariableCredentialsProvider',
  'ProfileCredentialsProvider',
  'LegacyEnvironmentVariableCredentialsProvider',
  'OSSEnvironmentVariableCredentialsProvider',
  'OSSProfileCredentialsProvider',
  'TerraformEnvironmentVariableCredentialsProvider',
  'CLIProfileCredentialsProvider',
  'CloudSSOCredentialsProvider',
  'OAuthCredentialsProvider',
  'ExternalCredentialsProvider',
]) {
  const property = { configurable: true, enumerable: true };
  Object.defineProperty(Credential, name, {
    ...property,
    get() {
      const value = require('./lib/providers.js')[name];
      Object.defineProperty(Credential, name, { ...property, value, writable: true });
      return value;
    },
  });
}

// Assigned last, and nothing is attached afterwards: a test runner that evaluates this file copies the properties here.
module.exports = Credential;

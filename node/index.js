'use strict';

// The CommonJS entry. The class itself is the module, with everything else attached to it, so that
// `require(m)`, `require(m).default`, and what TypeScript and Babel make of `import`, all find the same class.

const { Credential } = require('./lib/credential.js');
const { Config, CredentialModel } = require('./lib/models.js');

Object.assign(Credential, { default: Credential, Credential, Config, CredentialModel });
Object.defineProperty(Credential, '__esModule', { value: true });

// Few programs need them, and all would pay for reading their file.
for (const name of [
  'DefaultCredentialsProvider',
  'StaticAKCredentialsProvider',
  'StaticSTSCredentialsProvider',
  'RAMRoleARNCredentialsProvider',
  'OIDCRoleArnCredentialsProvider',
  'ECSRAMRoleCredentialsProvider',
  'URICredentialsProvider',
  'EnvironmentVariableCredentialsProvider',
  'ProfileCredentialsProvider',
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

// Last, and nothing is attached to `module.exports`: a test runner that runs this file in its own way copies what is there.
module.exports = Credential;

'use strict';

// The CommonJS entry. The class itself is the module, with everything else attached to it, so that
// `require(m)`, `require(m).default`, and what TypeScript and Babel make of `import`, all find the same class.

const { Credential } = require('./lib/credential.js');
const { Config, CredentialModel } = require('./lib/models.js');

module.exports = Credential;
module.exports.default = Credential;
module.exports.Config = Config;
module.exports.CredentialModel = CredentialModel;
Object.defineProperty(module.exports, '__esModule', { value: true });

// Resolves the default chain and prints what it found: id, secret, token, provider name, a line each.
'use strict';

const { default: Credential } = require('aliyun-cred');

async function main() {
  const credential = await new Credential().getCredential();
  console.log(credential.accessKeyId);
  console.log(credential.accessKeySecret);
  console.log(credential.securityToken);
  console.log(credential.providerName);
}

main();

// The official SDK, as it comes from npm, signs GetCallerIdentity with our client.
'use strict';

const { default: Sts } = require('@alicloud/sts20150401');
const { Config } = require('@alicloud/openapi-client');
const { default: Credential } = require('aliyun-cred');

async function main() {
  const credential = new Credential();
  // The SDK goes through no proxy: it is given the emulator's own address.
  const config = new Config({ credential, endpoint: process.env.STS_ADDRESS });
  const { body } = await new Sts(config).getCallerIdentity();
  console.log((await credential.getCredential()).providerName);
  console.log(body.arn);
}

main();

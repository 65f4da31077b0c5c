'use strict';

// The two libraries under one name each, so that every measurement is written once. The first argument of every
// program here is `official` or `ours`; the second is the folder that has both in a `node_modules`.

const { join } = require('node:path');

const [who, folder] = process.argv.slice(2);
const names = { official: '@alicloud/credentials', ours: 'aliyun-cred' };
const { default: Credential, Config } = require(join(folder, 'node_modules', names[who]));

const { env } = process;
const key = { accessKeyId: env.BENCH_ID, accessKeySecret: env.BENCH_SECRET };
const of = (options) => new Credential(new Config(options));

module.exports = {
  who,
  chain: () => new Credential(),
  metadata: () => of({ type: 'ecs_ram_role' }),
  role: () =>
    of({
      type: 'ram_role_arn',
      ...key,
      roleArn: env.BENCH_ROLE,
      roleSessionName: 'bench',
      stsEndpoint: env.BENCH_STS,
    }),
  fixed: () => of({ type: 'access_key', ...key }),
  report: (numbers) => process.stdout.write(`${JSON.stringify(numbers)}\n`),
};

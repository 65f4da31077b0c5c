'use strict';

// Require, client, static credential: what a command line tool pays. `start.js nothing|official|ours <folder> [count]`

const { join } = require('node:path');

const [who, folder, count] = process.argv.slice(2);
const names = { official: '@alicloud/credentials', ours: 'aliyun-cred' };

async function main() {
  if (names[who]) {
    const { default: Credential, Config } = require(join(folder, 'node_modules', names[who]));
    const config = new Config({ type: 'access_key', accessKeyId: 'LTAIbench', accessKeySecret: 'bench' });
    const found = await new Credential(config).getCredential();
    if (found.accessKeyId !== 'LTAIbench') throw new Error('not the credential');
  }
  if (count) {
    const rss = process.memoryUsage.rss() / 1024;
    process.stdout.write(`${JSON.stringify({ modules: Object.keys(require.cache).length - 1, rss })}\n`);
  }
}

main();

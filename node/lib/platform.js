'use strict';

const { existsSync, readFileSync } = require('node:fs');

/** The platforms with a package of their own, `@aliyun-cred/<platform>`. */
const PACKAGED = [
  'darwin-arm64',
  'darwin-x64',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'linux-x64-gnu',
  'linux-x64-musl',
  'win32-x64',
];

/** Returns this platform as the names of files and packages spell it: `linux-x64-gnu`, `darwin-arm64`. */
function platformName() {
  const libc = process.platform === 'linux' ? (isMusl() ? '-musl' : '-gnu') : '';
  return `${process.platform}-${process.arch}${libc}`;
}

function isMusl() {
  try {
    // On glibc a script, on musl a link to the loader; each contains the name of its C library.
    return readFileSync('/usr/bin/ldd', 'latin1').includes('musl');
  } catch {
    // Some containers have no ldd. The report is always right, but takes milliseconds to write.
    const { report } = process;
    report.excludeNetwork = true;
    return report.getReport().header.glibcVersionRuntime === undefined;
  }
}

/**
 * Returns this package's version as npm takes it, `@0.1.0`; nothing in a bundle, which has none. Not by `require`: rollup
 * reads no JSON without a plugin.
 */
function version() {
  try {
    const manifest = JSON.parse(readFileSync(`${__dirname}/../package.json`, 'utf8'));
    return manifest.name === 'aliyun-cred' ? `@${manifest.version}` : '';
  } catch {
    return '';
  }
}

/** Says which package to install, and why npm may have left it out. */
function advise(name) {
  if (!PACKAGED.includes(name)) {
    return `There is no package for ${name}: build the library with \`npm run build\` in a checkout.`;
  }
  return (
    `Install it: \`npm install @aliyun-cred/${name}${version()}\`. npm installs it together with aliyun-cred unless it is ` +
    'told to leave out optional dependencies (`--omit=optional`), or takes a lock file or a node_modules folder that was ' +
    'made on another platform: remove both there and install again. In a checkout, build the library with `npm run build`.'
  );
}

/** Makes the `Error` that lists what is missing in `folder`, what failed to load, and what to do. */
function missing(folder, failures, isBundle = false) {
  const name = platformName();
  const tried = failures.map(({ what, error }) => `${what} cannot be loaded (${error.message})`);
  for (const file of [`aliyun_cred.${name}.node`, 'aliyun_cred.node']) {
    if (!existsSync(`${folder}/${file}`)) tried.push(`${folder}/${file} does not exist`);
  }
  const packaged = `@aliyun-cred/${name}`;
  if (!failures.some(({ what }) => what === packaged)) tried.push(`the package ${packaged} is not installed`);
  const advice = isBundle
    ? 'This is a bundle: build it where the library for this platform is installed, with the plugin for esbuild, ' +
      'rollup, vite or webpack from `aliyun-cred/bundler`, which copies the library beside it; ncc and @vercel/nft ' +
      'need no plugin.'
    : advise(name);
  const text = `aliyun-cred has no native library for ${name}: ${tried.join('; ')}. ${advice}`;
  const cause = failures[0]?.error;
  return Object.assign(new Error(text, cause && { cause }), { code: cause?.code ?? 'MODULE_NOT_FOUND' });
}

module.exports = { PACKAGED, missing, platformName };

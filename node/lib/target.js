'use strict';

const { readFileSync } = require('node:fs');

/** What distinguishes the builds, as it stands in their names: `linux-x64-gnu`, `darwin-arm64`. */
function target() {
  const libc = process.platform === 'linux' ? (isMusl() ? '-musl' : '-gnu') : '';
  return `${process.platform}-${process.arch}${libc}`;
}

function isMusl() {
  try {
    // A script on glibc and a link to the loader on musl; both name their library.
    return readFileSync('/usr/bin/ldd', 'latin1').includes('musl');
  } catch {
    // Not in every container; the report is always right, and takes milliseconds to write.
    const { report } = process;
    report.excludeNetwork = true;
    return report.getReport().header.glibcVersionRuntime === undefined;
  }
}

module.exports = { target };

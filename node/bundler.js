'use strict';

// Plugins for bundlers. Each copies the native library beside the output file that contains native.js, which searches
// there. A build without native.js, such as the browser part of a program, gets no copy.

const { copyFileSync, existsSync, readFileSync, readdirSync, realpathSync, rmSync } = require('node:fs');
const { basename, dirname, join, posix, resolve } = require('node:path');
const { missing, platformName } = require('./lib/platform.js');

const NAME = 'aliyun-cred';
const NATIVE = realpathSync(join(__dirname, 'native.js'));

/** Lists a folder. Returns an empty list if it does not exist. */
function entries(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/**
 * Finds the libraries to copy: file name -> path. They are the files beside native.js, else those of all installed
 * platform packages, because a bundle may be built for another platform.
 */
function libraries() {
  const beside = entries(__dirname).filter((name) => /^aliyun_cred\.(.+\.)?node$/.test(name));
  if (beside.length > 0) return new Map(beside.map((name) => [name, join(__dirname, name)]));
  const scope = '@aliyun-cred';
  const installed = require.resolve.paths(scope).flatMap((folder) => entries(join(folder, scope)));
  const packaged = new Map();
  for (const name of new Set([...installed, platformName()])) {
    try {
      packaged.set(`aliyun_cred.${name}.node`, require.resolve(`${scope}/${name}`));
    } catch {
      // Not installed.
    }
  }
  if (packaged.size === 0) throw missing(__dirname, []);
  return packaged;
}

/** Returns whether a bundler's module `path` is native.js. */
function isNative(path) {
  if (!path || basename(path) !== 'native.js') return false;
  try {
    return realpathSync(path) === NATIVE;
  } catch {
    // A virtual module.
    return false;
  }
}

/** Copies a library. Never writes into an existing file, because that would crash a program that has loaded it. */
function copy(from, to) {
  if (existsSync(to) && readFileSync(to).equals(readFileSync(from))) return;
  rmSync(to, { force: true });
  copyFileSync(from, to);
}

function esbuild() {
  return {
    name: NAME,
    setup(build) {
      const { initialOptions: options } = build;
      const cwd = options.absWorkingDir ?? process.cwd();
      options.metafile = true;
      if (options.format === 'esm') {
        // In an ES module, esbuild makes `require('node:fs')` throw; `import` works.
        build.onResolve({ filter: /^node:/ }, ({ path, kind, importer }) =>
          kind === 'require-call' && importer.startsWith(__dirname) ? { path, namespace: NAME } : undefined,
        );
        build.onLoad({ filter: /^/, namespace: NAME }, ({ path }) => ({ contents: `export * from '${path}';` }));
      }
      build.onEnd(({ metafile, outputFiles }) => {
        for (const [output, { inputs }] of Object.entries(metafile?.outputs ?? {})) {
          if (!Object.keys(inputs).some((input) => isNative(resolve(cwd, input)))) continue;
          for (const [name, from] of libraries()) {
            const path = join(cwd, dirname(output), name);
            // With `write: false`, the caller of esbuild writes the files.
            if (outputFiles) outputFiles.push({ path, contents: readFileSync(from), hash: '', text: '' });
            else copy(from, path);
          }
        }
      });
    },
  };
}

function rollup() {
  return {
    name: NAME,
    writeBundle({ dir, file }, bundle) {
      for (const { fileName, modules } of Object.values(bundle)) {
        if (!modules || !Object.keys(modules).some(isNative)) continue;
        const folder = dirname(resolve(dir ?? dirname(file), fileName));
        for (const [name, from] of libraries()) copy(from, join(folder, name));
      }
    },
  };
}

function webpack() {
  return {
    apply(compiler) {
      const { Compilation, sources } = compiler.webpack;
      compiler.hooks.thisCompilation.tap(NAME, (compilation) => {
        const when = { name: NAME, stage: Compilation.PROCESS_ASSETS_STAGE_ADDITIONAL };
        compilation.hooks.processAssets.tap(when, () => {
          const modules = [...compilation.modules].filter(({ resource, modules: concatenated = [] }) =>
            [resource, ...[...concatenated].map((module) => module.resource)].some(isNative),
          );
          const chunks = modules.flatMap((module) => [...compilation.chunkGraph.getModuleChunksIterable(module)]);
          const folders = chunks.flatMap(({ files }) => [...files].map((file) => posix.dirname(file)));
          for (const folder of new Set(folders)) {
            for (const [name, from] of libraries()) {
              compilation.emitAsset(posix.join(folder, name), new sources.RawSource(readFileSync(from)));
            }
          }
        });
      });
    },
  };
}

module.exports = { esbuild, rollup, vite: rollup, webpack };

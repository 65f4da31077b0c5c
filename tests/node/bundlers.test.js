'use strict';

// Bundles, made by the real bundlers, that run where there is nothing else.

const assert = require('node:assert/strict');
const { cpSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');
const { before, test } = require('node:test');
const { CANARY, MODULES, PACKAGE, folder, run } = require('./support.js');
const { platformName } = require('../../node/lib/platform.js');

const tool = createRequire(join(MODULES, 'program.js'));
const BINARY = `aliyun_cred.${platformName()}.node`;

const OPTIONS = JSON.stringify({ type: 'access_key', accessKeyId: 'LTAIbundled', accessKeySecret: `${CANARY}-key` });
const PROGRAMS = {
  cjs: `const Credential = require('aliyun-cred');`,
  mjs: `import Credential from 'aliyun-cred';`,
};
/** Also uses what lies in files that are read when they are first needed. */
const USE = `
  const options = ${OPTIONS};
  const provider = Credential.StaticAKCredentialsProvider.builder()
    .withAccessKeyId(options.accessKeyId).withAccessKeySecret(options.accessKeySecret).build();
  const clients = [new Credential(options), new Credential(null, provider)];
  clients[0].on('refreshed', () => {});
  Promise.all([clients[0].explain(), ...clients.map((client) => client.getCredential())]).then(([report, ...models]) => {
    const right = models.every((model) => model.accessKeySecret === options.accessKeySecret);
    console.log(models.map((model) => model.accessKeyId).join(), right, report.sources[0].state, clients[1].status().type);
  });`;
const SAYS = 'LTAIbundled,LTAIbundled true answered static_ak\n';

/**
 * Projects with the package installed. Where the library is: `beside` native.js; `packaged`, in a package for the
 * platform; `renamed`, the same, while an override installs this package by another name; `without`, nowhere.
 */
const projects = {};
before(() => {
  for (const [kind, name] of [
    ['beside', 'aliyun-cred'],
    ['packaged', 'aliyun-cred'],
    ['renamed', '@alicloud/credentials'],
    ['without', 'aliyun-cred'],
  ]) {
    const project = folder();
    const installed = join(project, 'node_modules', name);
    cpSync(PACKAGE, installed, { recursive: true, filter: (source) => !source.endsWith('.node') });
    for (const [format, text] of Object.entries(PROGRAMS)) {
      writeFileSync(join(project, `program.${format}`), text.replace('aliyun-cred', name) + USE);
    }
    // The browser's part of a program.
    writeFileSync(join(project, 'page.mjs'), 'console.log(1);');
    projects[kind] = { project, name };
  }
  const library = join(projects.beside.project, 'node_modules', 'aliyun-cred', BINARY);
  cpSync(join(PACKAGE, BINARY), library);
  for (const { project } of [projects.packaged, projects.renamed]) {
    const packaged = join(project, 'node_modules', '@aliyun-cred', platformName());
    mkdirSync(packaged, { recursive: true });
    writeFileSync(join(packaged, 'package.json'), '{"main": "it.node"}');
    linkSync(library, join(packaged, 'it.node'));
  }
});

// Each bundler makes `out/main.<format>` of the project's program, and fails the test if it warns.

const bundlers = {
  async esbuild(project, format, plugins, out, more) {
    const { warnings } = await tool('esbuild').build({
      absWorkingDir: project,
      entryPoints: { main: `program.${format}` },
      outdir: out,
      outExtension: { '.js': `.${format}` },
      bundle: true,
      platform: 'node',
      format: format === 'mjs' ? 'esm' : 'cjs',
      logLevel: 'silent',
      plugins,
      ...more,
    });
    assert.deepEqual(warnings, []);
  },

  async rollup(project, format, plugins, out, more) {
    const bundle = await tool('rollup').rollup({
      input: { main: join(project, `program.${format}`) },
      plugins: [tool('@rollup/plugin-node-resolve').default(), tool('@rollup/plugin-commonjs').default(), ...plugins],
      external: /^node:/,
      onLog: (level, log) => assert.notEqual(level, 'warn', log.message),
    });
    await bundle.write({
      dir: out,
      entryFileNames: `[name].${format}`,
      format: format === 'mjs' ? 'es' : 'cjs',
      ...more,
    });
    await bundle.close();
  },

  async vite(project, format, plugins, out) {
    const { build } = await import(tool.resolve('vite'));
    await build({
      root: project,
      configFile: false,
      logLevel: 'error',
      plugins,
      ssr: { noExternal: true },
      build: {
        ssr: `program.${format}`,
        outDir: out,
        rollupOptions: { output: { entryFileNames: `main.${format}`, format: format === 'mjs' ? 'es' : 'cjs' } },
      },
    });
  },

  async webpack(project, format, plugins, out, more) {
    const isModule = format === 'mjs';
    const compiler = tool('webpack')({
      context: project,
      entry: { main: `./program.${format}` },
      output: {
        path: out,
        filename: `[name].${format}`,
        module: isModule,
        chunkFormat: isModule ? 'module' : 'commonjs',
      },
      experiments: { outputModule: isModule },
      target: 'node18',
      mode: 'production',
      optimization: { minimize: false },
      performance: false,
      plugins,
      ...more,
    });
    const stats = await new Promise((done, failed) =>
      compiler.run((error, result) => (error ? failed(error) : compiler.close(() => done(result)))),
    );
    const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
    assert.deepEqual([...errors, ...warnings], []);
  },

  async ncc(project, format, plugins, out) {
    assert.deepEqual(plugins, []);
    // It copies files of its working directory only.
    const program = `
      const { mkdirSync, writeFileSync } = require('node:fs');
      const { dirname, join } = require('node:path');
      const [ncc, program, out, main] = process.argv.slice(1);
      require(ncc)(program, { cache: false, quiet: true }).then(({ code, assets }) => {
        for (const [name, { source }] of Object.entries({ ...assets, [main]: { source: code } })) {
          mkdirSync(dirname(join(out, name)), { recursive: true });
          writeFileSync(join(out, name), source);
        }
      });`;
    const args = [tool.resolve('@vercel/ncc'), join(project, `program.${format}`), out, `main.${format}`];
    const { code, stderr } = await run(process.execPath, ['-e', program, ...args], { cwd: project });
    assert.equal(code, 0, stderr);
  },

  async nft(project, format, plugins, out) {
    assert.deepEqual(plugins, []);
    const { nodeFileTrace } = tool('@vercel/nft');
    const { fileList } = await nodeFileTrace([join(project, `program.${format}`)], { base: project });
    for (const file of fileList) cpSync(join(project, file), join(out, file));
    renameSync(join(out, `program.${format}`), join(out, `main.${format}`));
  },
};

/** The plugins, as a configuration file in the project imports them. */
function pluginsOf({ project, name }) {
  return createRequire(join(project, 'program.cjs'))(`${name}/bundler`);
}

/** Moves a bundle into an empty folder, and runs it there. */
async function runs(out, main) {
  const empty = folder();
  const alone = join(empty, 'program');
  renameSync(out, alone);
  const HOME = join(empty, 'home');
  mkdirSync(HOME);
  const env = { PATH: process.env.PATH, HOME, ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true' };
  const ran = await run(process.execPath, [join(alone, main)], { cwd: HOME, env });
  // The library of a debug build is large.
  rmSync(alone, { recursive: true });
  return ran;
}

async function works(out, main) {
  const { code, stdout, stderr } = await runs(out, main);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, SAYS);
  assert.equal(stderr, '');
}

const WITH_PLUGIN = ['esbuild', 'rollup', 'vite', 'webpack'];

for (const name of Object.keys(bundlers)) {
  const hasPlugin = WITH_PLUGIN.includes(name);
  const cases = [
    ['cjs', 'beside'],
    ['mjs', 'beside'],
    ['mjs', hasPlugin ? 'packaged' : 'renamed'],
  ];
  // The places where these two look for it differ with the package's name.
  if (!hasPlugin) cases.push(['cjs', 'packaged']);
  for (const [format, kind] of cases) {
    test(`${name}, ${format}, the library ${kind}`, async () => {
      const { project } = projects[kind];
      const out = join(project, 'out');
      await bundlers[name](project, format, hasPlugin ? [pluginsOf(projects[kind])[name]()] : [], out);
      await works(out, `main.${format}`);
    });
  }
}

/** The usual way to let esbuild's ES modules call `require`. */
const banner = {
  js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
};

for (const name of [...WITH_PLUGIN, 'ncc']) {
  for (const format of Object.keys(PROGRAMS)) {
    test(`${name}, ${format}: a bundle without the library builds, and says what to use`, async () => {
      const { project } = projects[name === 'ncc' ? 'without' : 'packaged'];
      const out = join(project, 'out');
      await bundlers[name](project, format, [], out, name === 'esbuild' && format === 'mjs' && { banner });
      const { code, stderr } = await runs(out, `main.${format}`);
      assert.equal(code, 1);
      assert.match(stderr, /Error: aliyun-cred has no native library for /);
      assert.match(stderr, /program.aliyun_cred\.node does not exist/);
      assert.match(stderr, /the plugin for esbuild, rollup, vite or webpack from `aliyun-cred\/bundler`/);
    });
  }
}

test('a plugin without a library fails the build', async () => {
  const { project } = projects.without;
  const { esbuild } = pluginsOf(projects.without);
  await assert.rejects(
    bundlers.esbuild(project, 'cjs', [esbuild()], join(project, 'out')),
    /aliyun-cred has no native library for .* is not installed/,
  );
});

// What only one bundler can do, with the library beside the file that needs it and nowhere else.

test('esbuild: folders, minified, with a banner', async () => {
  const { project } = projects.beside;
  const out = join(project, 'out');
  const build = async () => {
    await bundlers.esbuild(project, 'mjs', [pluginsOf(projects.beside).esbuild()], out, {
      entryPoints: { 'server/main': 'program.mjs', 'page/main': 'page.mjs' },
      minify: true,
      banner,
    });
    return statSync(join(out, 'server', BINARY)).ino;
  };
  const inode = await build();
  assert.equal(await build(), inode, 'the library was written again, under a program that may be running');
  assert.deepEqual(readdirSync(join(out, 'server')).sort(), [BINARY, 'main.mjs']);
  assert.deepEqual(readdirSync(join(out, 'page')), ['main.mjs']);
  await works(out, 'server/main.mjs');
});

test('esbuild: files that the caller writes', async () => {
  const { project } = projects.beside;
  const { outputFiles } = await tool('esbuild').build({
    absWorkingDir: project,
    entryPoints: ['program.cjs'],
    outdir: 'out',
    bundle: true,
    platform: 'node',
    write: false,
    plugins: [pluginsOf(projects.beside).esbuild()],
  });
  const out = join(project, 'out');
  mkdirSync(out);
  for (const { path, contents } of outputFiles) writeFileSync(path, contents);
  await works(out, 'program.js');
});

test('rollup: folders, one file for each module', async () => {
  const { project } = projects.beside;
  const out = join(project, 'out');
  await bundlers.rollup(project, 'mjs', [pluginsOf(projects.beside).rollup()], out, {
    entryFileNames: 'server/[name].mjs',
    preserveModules: true,
  });
  const libraries = readdirSync(out, { recursive: true }).filter((name) => name.endsWith('.node'));
  assert.deepEqual(libraries, [join('server', 'node_modules', 'aliyun-cred', BINARY)]);
  await works(out, 'server/main.mjs');
});

test('webpack: folders, in development, with a made-up __dirname', async () => {
  const { project } = projects.beside;
  for (const made of ['mock', true]) {
    const out = join(project, 'out');
    await bundlers.webpack(project, 'cjs', [pluginsOf(projects.beside).webpack()], out, {
      entry: { 'server/main': './program.cjs', 'page/main': './page.mjs' },
      node: { __dirname: made, __filename: made },
      mode: 'development',
      devtool: 'eval',
    });
    assert.deepEqual(readdirSync(join(out, 'server')).sort(), [BINARY, 'main.cjs']);
    assert.deepEqual(readdirSync(join(out, 'page')), ['main.cjs']);
    await works(out, 'server/main.cjs');
  }
});

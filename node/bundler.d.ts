// Assignable to the bundlers' plugin types. Those are not imported, because this package depends on no bundler.

/** A plugin for esbuild. */
export interface EsbuildPlugin {
  name: string;
  setup(build: any): void;
}

/** A plugin for rollup and vite. */
export interface RollupPlugin {
  name: string;
  writeBundle(options: any, bundle: any): void;
}

/** A plugin for webpack. */
export interface WebpackPlugin {
  apply(compiler: any): void;
}

/**
 * Each plugin copies the native library beside the output file that loads it. If packages for several platforms are
 * installed, it copies the library of each. A build that does not contain this package gets no copy. If no library is
 * installed, the build fails.
 */
export function esbuild(): EsbuildPlugin;
export function rollup(): RollupPlugin;
export function vite(): RollupPlugin;
export function webpack(): WebpackPlugin;

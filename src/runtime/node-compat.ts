/**
 * tfjs-node 4.22 calls functions of `node:util` that Node 22 warns about and Node 23 has taken out. Its own modules,
 * and nobody else's, get a `util` that has them: what the user's program sees stays as it is.
 */
import Module, { createRequire } from 'node:module';
import { sep } from 'node:path';

const require = createRequire(import.meta.url);

const REMOVED: Readonly<Record<string, (value: unknown) => boolean>> = {
  isNullOrUndefined: (value) => value === null || value === undefined,
  isArray: (value) => Array.isArray(value),
};

/** The loader of CommonJS modules. Node's types leave it out, and its public hooks came with Node 22.15. */
interface CommonJsLoader {
  _load(request: string, parent: { readonly filename?: string | null } | undefined, isMain: boolean): unknown;
}

/**
 * Requires `entry`. While that lasts, modules below `folder` that ask for `util` get one with the functions that
 * tfjs-node needs.
 * @param folder real path, without links: that is how Node names modules.
 */
export function requireWithOldUtil(entry: string, folder: string): unknown {
  const loader = Module as unknown as CommonJsLoader;
  const load = loader._load;
  const util = Object.create(
    require('node:util'),
    Object.fromEntries(Object.entries(REMOVED).map(([name, value]) => [name, { value }])),
  );
  loader._load = (request, parent, isMain) => {
    const isTheirs = parent?.filename?.startsWith(`${folder}${sep}`) === true;
    if (isTheirs && (request === 'util' || request === 'node:util')) return util;
    return load.call(Module, request, parent, isMain);
  };
  try {
    return createRequire(entry)(entry);
  } finally {
    loader._load = load;
  }
}

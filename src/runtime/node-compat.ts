/**
 * Functions that newer versions of Node have taken out of `node:util` and that tfjs-node 4.22 still calls. They are
 * put back for whoever loads `util` as CommonJS, and only where they are missing.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

const REMOVED: Readonly<Record<string, (value: unknown) => boolean>> = {
  isNullOrUndefined: (value) => value === null || value === undefined,
  isArray: (value) => Array.isArray(value),
};

/** Puts back what is missing. Their properties can't be enumerated, as those of Node's own modules can't be told from ours otherwise. */
export function restoreRemovedFunctions(): void {
  const util: Record<string, unknown> = require('node:util');
  for (const [name, value] of Object.entries(REMOVED)) {
    if (typeof util[name] === 'function') continue;
    Object.defineProperty(util, name, { value, configurable: true, writable: true, enumerable: false });
  }
}

/** Scripts of worker threads. */
import { createRequire } from 'node:module';
import { ZooError } from './errors.js';

const require = createRequire(import.meta.url);

/**
 * The compiled script, also when the TypeScript sources run: Node can't start a thread from those.
 * @param name as under `imports` of package.json, such as `#hash-worker`.
 * @throws ZooError `FAILED` where it was never compiled.
 */
export function threadScript(name: `#${string}`): string {
  try {
    return require.resolve(name);
  } catch (cause) {
    throw new ZooError('FAILED', `The script of a thread is missing: ${name}`, {
      expected: 'a compiled file in dist/',
      hint: 'In a checkout: npm run build.',
      cause,
    });
  }
}

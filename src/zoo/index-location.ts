/** Where the index of cards is: `ZOO_INDEX`, or the one that came with the package. */
import { fileURLToPath } from 'node:url';

const BUILT_IN = new URL('../../dist/catalogue.sqlite', import.meta.url);

export function indexLocation(env: NodeJS.ProcessEnv): string {
  return env.ZOO_INDEX || fileURLToPath(BUILT_IN);
}

/** The cache folder of the checkout, which keeps real networks and the runtime between runs. */
import { fileURLToPath } from 'node:url';

export const CHECKOUT_HOME = fileURLToPath(new URL('../../cache/home', import.meta.url));

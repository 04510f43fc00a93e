/** `sharp`, an optional part: programs that only read text or sound don't need it. */
import type sharp from 'sharp';
import { ZooError } from '../../core/errors.js';

let loaded: Promise<typeof sharp> | undefined;

/** @throws ZooError `NO_RUNTIME` where it is not installed, or not for this platform. */
export function loadSharp(): Promise<typeof sharp> {
  loaded ??= import('sharp').then(
    ({ default: module }) => module,
    (cause) => {
      loaded = undefined;
      throw new ZooError('NO_RUNTIME', 'Images need the package "sharp", which is not installed', {
        found: cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause),
        hint: 'Install it where the program is: npm install sharp (it is left out by --omit=optional).',
        cause,
      });
    },
  );
  return loaded;
}

/** Where data came from, in words that may be shared. */
import { basename, isAbsolute } from 'node:path';

/** A path would tell others about the machine that it lay on. */
export function originName(origin: string): string {
  return isAbsolute(origin) ? basename(origin) : origin;
}

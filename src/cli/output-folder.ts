/** Where a command puts what it makes. */
import { resolve } from 'node:path';
import { ZooError } from '../core/errors.js';
import type { OptionValues } from './command.js';
import { text } from './options.js';

/** @param what is put there, for the message. @returns an absolute path. @throws ZooError `USAGE` where none was named. */
export function outputFolder(options: OptionValues, cwd: string, what: string): string {
  const output = text(options, 'output');
  if (output !== undefined) return resolve(cwd, output);
  throw new ZooError('USAGE', `Where to put the ${what}?`, { hint: 'Name a folder: -o DIR' });
}

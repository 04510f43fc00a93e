/** The clock that dates the files of a cache: a server's, on a network drive. */
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryName, writeFileAtomic } from '../core/atomic-file.js';
import type { Layout } from './layout.js';

/** Now, in ms, comparable with the times of files under this root. */
export async function volumeTime(layout: Layout): Promise<number> {
  const probe = temporaryName(join(layout.root, 'clock'));
  try {
    await writeFileAtomic(probe, '');
    return (await stat(probe)).mtimeMs;
  } finally {
    await rm(probe, { force: true });
  }
}

/** Writing a file that a person asked for, without destroying one that is there. */
import { access } from 'node:fs/promises';
import { writeFileAtomic } from '../core/atomic-file.js';
import { ZooError } from '../core/errors.js';

/** @throws ZooError `USAGE` when `path` exists and `force` is false; the system's error otherwise. */
export async function writeNewFile(path: string, content: string, force: boolean): Promise<void> {
  await refuseExisting(path, force);
  await writeFileAtomic(path, content);
}

/** @throws ZooError `USAGE` when `path` exists and `force` is false. */
export async function refuseExisting(path: string, force: boolean): Promise<void> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (exists && !force) {
    throw new ZooError('USAGE', `${path} is there already`, {
      hint: 'Choose another name with -o, or add --force.',
    });
  }
}

/** Real temporary folders, removed after the test file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders: string[] = [];

/** A fresh, empty folder. */
export async function temporaryFolder(name = 'test'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `neuralzoo-${name}-`));
  folders.push(folder);
  return folder;
}

/** Removes the folders made so far. */
export async function removeTemporaryFolders(): Promise<void> {
  await Promise.all(
    folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true, maxRetries: 3 })),
  );
}

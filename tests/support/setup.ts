/**
 * Runs before each test file: what a developer has set for their own work does not reach the tests, and each
 * file's temporary folders are its own.
 */
import { afterAll } from 'vitest';
import { removeTemporaryFolders } from './temporary-folder.js';

for (const name of ['ZOO_HOME', 'ZOO_MIRROR', 'ZOO_TOKEN', 'ZOO_OFFLINE', 'ZOO_INDEX', 'ZOO_SHARED_CACHE']) {
  delete process.env[name];
}

afterAll(removeTemporaryFolders);

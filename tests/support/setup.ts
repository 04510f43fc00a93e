/**
 * Runs before each test file: what a developer has set for their own work does not reach the tests, and each
 * file's temporary folders are its own.
 */
import { afterAll } from 'vitest';
import { checkoutRuntime } from './checkout-runtime.js';
import { removeTemporaryFolders } from './temporary-folder.js';

for (const name of ['ZOO_HOME', 'ZOO_MIRROR', 'ZOO_TOKEN', 'ZOO_OFFLINE', 'ZOO_INDEX', 'ZOO_SHARED_CACHE']) {
  delete process.env[name];
}

// Native TensorFlow is the one that the checkout's own cache holds, unless the developer names another.
if (!process.env.ZOO_RUNTIME) {
  const folder = checkoutRuntime();
  if (folder !== undefined) process.env.ZOO_RUNTIME = folder;
}

afterAll(removeTemporaryFolders);

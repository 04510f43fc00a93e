/** SQLite files made and opened the way the index needs them, and SQLite's errors in the project's words. */
import { existsSync } from 'node:fs';
import { hasCode, isSystemError, ZooError } from '../core/errors.js';
import { APPLICATION_ID, INDEX_VERSION, SCHEMA } from './index-format.js';
import { Database } from './sqlite.js';

/** A scratch or half-made file: no journal on disk and no syncing, as a crash leaves it to be thrown away. */
export function createScratch(path: string): Database {
  const database = new Database(path);
  database.pragma('journal_mode = MEMORY'); // OFF is refused in SQLite's defensive mode
  database.pragma('synchronous = OFF');
  database.pragma('locking_mode = EXCLUSIVE');
  database.pragma('cache_size = -65536'); // 64 MiB
  return database;
}

/** A new, empty index with its tables. */
export function createIndexFile(path: string): Database {
  const database = createScratch(path);
  database.exec(SCHEMA);
  database.pragma(`application_id = ${APPLICATION_ID}`);
  database.pragma(`user_version = ${INDEX_VERSION}`);
  return database;
}

/**
 * Opens an index for reading and checks that it is one that this program reads.
 * @throws ZooError `NOT_FOUND` or `INVALID_INDEX`.
 */
export function openIndexFile(path: string): Database {
  if (!existsSync(path)) {
    throw new ZooError('NOT_FOUND', `There is no index at ${path}`, {
      hint: 'zoo index build makes one from a folder of cards.',
    });
  }
  let database: Database | undefined;
  try {
    database = new Database(path, { readonly: true, fileMustExist: true });
    // The file is never written again, only replaced: keeping the shared lock saves the system calls with which
    // each query would otherwise lock it and look for a change.
    database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('cache_size = -32768'); // 32 MiB
    const application = database.pragma('application_id', { simple: true });
    if (application !== APPLICATION_ID) throw notAnIndex(path);
    const version = database.pragma('user_version', { simple: true });
    if (version !== INDEX_VERSION) {
      throw new ZooError('INVALID_INDEX', `The index ${path} has another format than this program reads`, {
        expected: `format ${INDEX_VERSION}`,
        found: `format ${version}`,
        hint:
          Number(version) > INDEX_VERSION
            ? 'A newer version of neuralzoo wrote it: update neuralzoo.'
            : 'Build it again with zoo index build.',
      });
    }
    return database;
  } catch (error) {
    database?.close();
    throw error instanceof ZooError ? error : asZooError(error, path);
  }
}

function notAnIndex(path: string, cause?: unknown): ZooError {
  return new ZooError('INVALID_INDEX', `${path} is not an index of neuralzoo`, {
    hint: 'Build it again with zoo index build.',
    cause,
  });
}

/** Errors of SQLite and of the file system as ZooErrors that name the file; others stay as they are. */
export function asZooError(error: unknown, path: string): unknown {
  if (!isSystemError(error) || error instanceof ZooError) return error;
  if (hasCode(error, 'SQLITE_FULL', 'ENOSPC', 'EDQUOT')) {
    return new ZooError('DISK_FULL', `The disk is full while writing ${path}`, { cause: error });
  }
  if (error.code === 'SQLITE_NOTADB') return notAnIndex(path, error);
  if (error.code.startsWith('SQLITE_CORRUPT') || error.code === 'SQLITE_ERROR') {
    return new ZooError('INVALID_INDEX', `The index ${path} is damaged: ${error.message}`, {
      hint: 'Fetch it again, or build it with zoo index build.',
      cause: error,
    });
  }
  if (error.code === 'ABORT_ERR') return error;
  return new ZooError('FILE_SYSTEM', `${path}: ${error.message}`, { cause: error });
}

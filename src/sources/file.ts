/** `file:…`: files of this machine, read by ranges as those of a server are. */
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasCode, ZooError } from '../core/errors.js';
import type { Span } from '../core/pieces.js';
import type { Locator } from '../registry/locator.js';
import { type RemoteFile, type RemoteRead, SourceFault } from './remote-file.js';
import type { Source, SourceContext } from './source.js';

type FileLocator = Extract<Locator, { scheme: 'file' }>;

/** Bytes read at once. */
const CHUNK = 256 * 1024;

export function fileSource({ cwd }: SourceContext): Source<FileLocator> {
  return {
    candidate({ file }) {
      const label = `file:${file}`;
      return { label, open: () => openLocal(localPath(file, cwd), label) };
    },
    close: async () => {},
  };
}

/**
 * The path that a `file:` locator means: `file:///x%20y` is an address, `file:/x y` and `file:x y` are paths, the
 * latter below `cwd`.
 * @throws ZooError `USAGE` for an address on another machine.
 */
export function localPath(file: string, cwd: string): string {
  if (!file.startsWith('//')) return resolve(cwd, file);
  const url = URL.canParse(`file:${file}`) ? new URL(`file:${file}`) : undefined;
  // A UNC path would hand the user's Windows credentials to any machine that a card names.
  if (url === undefined || url.hostname !== '' || url.pathname.startsWith('//')) {
    throw new ZooError('USAGE', 'A file: locator must name a file of this machine', {
      expected: 'file:///folder/name or file:folder/name',
    });
  }
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new ZooError('USAGE', 'A file: locator that is no path here', { cause });
  }
}

async function openLocal(path: string, label: string): Promise<RemoteFile> {
  const { size } = await withFile(path, label, async (handle) => handle.stat());
  return {
    label,
    host: 'file',
    size,
    async read(span, signal): Promise<RemoteRead> {
      signal.throwIfAborted();
      const handle = await openRegular(path, label);
      // Quietly and any number of times: what was read has been handed over already.
      const close = (): void => void handle.close().catch(() => {});
      try {
        const { size: total } = await handle.stat();
        const { start, end } = span ?? { start: 0, end: total };
        if (start < 0 || start > end || end > total) {
          throw new SourceFault('missing', `${label}: the file has ${total} bytes, fewer than asked for`);
        }
        return {
          start,
          end,
          total,
          body: bytes(handle, { start, end }, label, signal, close),
          cancel: close,
        };
      } catch (error) {
        close();
        throw error;
      }
    },
  };
}

async function* bytes(
  handle: FileHandle,
  { start, end }: Span,
  label: string,
  signal: AbortSignal,
  close: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    for (let position = start; position < end; ) {
      signal.throwIfAborted();
      const chunk = new Uint8Array(Math.min(CHUNK, end - position));
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, position);
      if (bytesRead === 0)
        throw new SourceFault('broken', `${label}: the file became shorter while it was read`);
      position += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
  } catch (cause) {
    if (cause instanceof SourceFault || signal.aborted) throw cause;
    throw new SourceFault('broken', `${label}: the file can not be read`, { cause });
  } finally {
    close();
  }
}

async function withFile<V>(path: string, label: string, use: (handle: FileHandle) => Promise<V>): Promise<V> {
  const handle = await openRegular(path, label);
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}

async function openRegular(path: string, label: string): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (cause) {
    const gone = hasCode(cause, 'ENOENT', 'ENOTDIR');
    throw new SourceFault(
      gone ? 'missing' : 'refused',
      `${label}: ${gone ? 'there is no such file' : 'the file can not be opened'}`,
      { cause },
    );
  }
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new SourceFault('refused', `${label}: not a regular file`);
}

/** The text of a table's file, plain or in gzip, in chunks. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream';
import { TextDecoder } from 'node:util';
import { createGunzip } from 'node:zlib';
import { isSystemError, ZooError } from '../../core/errors.js';

const PACKED = /\.gz$/i;

/**
 * A byte order mark is gone.
 * @param encoding a label of the Encoding standard; by default UTF-8, or UTF-16 by its byte order mark.
 * @throws ZooError `NOT_FOUND`; `USAGE` for an unknown encoding; `DATA` for other bytes, and for gzip that is not whole.
 */
export async function* readText(
  path: string,
  encoding: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  signal?.throwIfAborted();
  try {
    const decoder = decoderFor(encoding ?? (await encodingByMark(path)));
    const file = createReadStream(path, {
      highWaterMark: 1 << 18,
      ...(signal === undefined ? {} : { signal }),
    });
    // Errors of a pipeline come to whoever reads its end.
    const bytes = PACKED.test(path) ? pipeline(file, createGunzip(), () => {}) : file;
    yield* decoded(bytes as AsyncIterable<Buffer>, decoder, basename(path)); // no encoding is set: buffers
  } catch (error) {
    throw fileError(path, error);
  }
}

async function* decoded(
  bytes: AsyncIterable<Buffer>,
  decoder: TextDecoder,
  name: string,
): AsyncGenerator<string> {
  let lines = 1;
  const decode = (chunk?: Buffer): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (cause) {
      throw new ZooError('DATA', `${name} is not ${decoder.encoding}`, {
        found: `other bytes at or after line ${lines}`,
        hint: 'Save it as UTF-8, or name its encoding, such as windows-1252.',
        cause,
      });
    }
  };
  for await (const chunk of bytes) {
    const text = decode(chunk);
    if (text !== '') yield text;
    for (const byte of chunk) if (byte === 0x0a) lines += 1;
  }
  const rest = decode();
  if (rest !== '') yield rest;
}

function decoderFor(label: string): TextDecoder {
  try {
    return new TextDecoder(label, { fatal: true });
  } catch (cause) {
    throw new ZooError('USAGE', `Unknown encoding: ${JSON.stringify(label)}`, {
      expected: 'a name of the Encoding standard, such as utf-8 or windows-1252',
      cause,
    });
  }
}

async function encodingByMark(path: string): Promise<string> {
  if (PACKED.test(path)) return 'utf-8';
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    if (bytesRead === 2 && buffer[0] === 0xff && buffer[1] === 0xfe) return 'utf-16le';
    if (bytesRead === 2 && buffer[0] === 0xfe && buffer[1] === 0xff) return 'utf-16be';
    return 'utf-8';
  } finally {
    await file.close();
  }
}

function fileError(path: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  if (error.code === 'ENOENT') {
    return new ZooError('NOT_FOUND', `No such file: ${path}`, { hint: 'Check the path.', cause: error });
  }
  if (error.code.startsWith('Z_')) {
    return new ZooError('DATA', `${basename(path)} is not a whole gzip file`, {
      found: error.message,
      cause: error,
    });
  }
  return error;
}

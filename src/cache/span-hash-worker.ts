/** A worker thread that hashes spans of files, so that several cores can do it; see span-hasher.ts. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { SpanAnswer, SpanRequest } from './span-hasher.js';

const CHUNK = 1 << 20;
const buffer = Buffer.allocUnsafe(CHUNK);

function hashSpan({ path, start, end }: SpanRequest): string {
  const file = openSync(path, 'r');
  try {
    const hash = createHash('sha256');
    for (let offset = start; offset < end; ) {
      const read = readSync(file, buffer, 0, Math.min(CHUNK, end - offset), offset);
      if (read === 0) break; // shorter than it should be: the digest is another one
      hash.update(buffer.subarray(0, read));
      offset += read;
    }
    return hash.digest('hex');
  } finally {
    closeSync(file);
  }
}

parentPort?.on('message', (request: SpanRequest) => {
  let answer: SpanAnswer;
  try {
    answer = { id: request.id, digest: hashSpan(request) };
  } catch (error) {
    // The error loses its code on the way to the other thread, so it is sent beside it.
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    answer = { id: request.id, code, message: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(answer);
});

/**
 * sha256 digests: the names of blobs. A digest that is not exactly 64 lower-case hex digits never reaches a
 * path (ollama's CVE-2024-37032 and CVE-2026-7020 came from skipping this check).
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { ZooError } from './errors.js';

/** 64 lower-case hex digits. Made only by `parseDigest`, `sha256` and the hashing functions. */
export type Digest = string & { readonly __digest: unique symbol };

const HEX64 = /^[0-9a-f]{64}$/;

export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && HEX64.test(text);
}

/**
 * Reads `sha256:<hex>` or bare `<hex>`.
 * @throws ZooError `INTEGRITY` for anything else: another algorithm, upper case, wrong length, path characters.
 */
export function parseDigest(text: string): Digest {
  const hex = text.startsWith('sha256:') ? text.slice('sha256:'.length) : text;
  if (!isDigest(hex)) {
    throw new ZooError('INTEGRITY', 'Not a sha256 digest', {
      expected: '64 lower-case hex digits, with or without "sha256:" in front',
      found: JSON.stringify(text.slice(0, 100)),
    });
  }
  return hex;
}

/** sha256 of bytes in memory. */
export function sha256(bytes: Uint8Array | string): Digest {
  return createHash('sha256').update(bytes).digest('hex') as Digest; // a hex sha256 by construction
}

/** sha256 of a file, read as a stream; memory does not grow with its size. */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, {
    highWaterMark: 1 << 20,
    ...(signal ? { signal } : {}),
  })) {
    hash.update(chunk as Buffer); // a stream without an encoding yields buffers
  }
  return hash.digest('hex') as Digest; // a hex sha256 by construction
}

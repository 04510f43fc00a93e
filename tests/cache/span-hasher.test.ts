import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SpanHasher } from '../../src/cache/span-hasher.js';
import { sha256 } from '../../src/core/digest.js';

let folder: string;
const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * 31 + (i >> 8)) & 255));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zoo-hash-'));
  await writeFile(join(folder, 'data'), bytes);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('hashes spans of a file, large ones on worker threads', async () => {
  const pool = new SpanHasher(2);
  const spans = [
    { start: 0, end: bytes.length },
    { start: 0, end: 0 },
    { start: 1, end: 1_048_577 },
    { start: 1_048_576, end: 2_999_999 },
    { start: 2_999_999, end: 3_000_000 },
  ];
  const digests = await Promise.all(spans.map((span) => pool.hash(join(folder, 'data'), span)));
  expect(digests).toEqual(spans.map(({ start, end }) => sha256(bytes.subarray(start, end))));
  await pool.close();
});

it('hashes what there is of a file that is shorter than the span', async () => {
  const pool = new SpanHasher(1);
  expect(await pool.hash(join(folder, 'data'), { start: 2_999_990, end: 5_000_000 })).toBe(
    sha256(bytes.subarray(2_999_990)),
  );
  await pool.close();
});

it('passes on the code of a system error, and the thread goes on', async () => {
  const pool = new SpanHasher(1);
  await expect(pool.hash(join(folder, 'none'), { start: 0, end: 1 })).rejects.toMatchObject({
    code: 'ENOENT',
  });
  expect(await pool.hash(join(folder, 'data'), { start: 0, end: 3 })).toBe(sha256(bytes.subarray(0, 3)));
  await pool.close();
});

it('rejects what is asked while or after it closes', async () => {
  const pool = new SpanHasher(1);
  const asked = expect(pool.hash(join(folder, 'data'), { start: 0, end: bytes.length })).rejects.toThrow(
    /thread/,
  );
  await pool.close();
  await asked;
  await expect(pool.hash(join(folder, 'data'), { start: 0, end: 1 })).rejects.toThrow(/closed/);
});

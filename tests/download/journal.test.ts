import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Digest, sha256 } from '../../src/core/digest.js';
import {
  encodeHeader,
  encodeRecord,
  Journal,
  type JournalHeader,
  replayJournal,
} from '../../src/download/journal.js';
import { type Folder, temporaryFolder } from './engine.js';

const header: JournalHeader = { key: 'weights', size: 1000, pieceSize: 100, sha256: sha256('weights') };
const digestOf = (piece: number): Digest => sha256(`piece ${piece}`);

function written(pieces: readonly number[]): Buffer {
  const encoded = encodeHeader(header);
  return Buffer.concat([encoded, ...pieces.map((piece) => encodeRecord(encoded, piece, digestOf(piece)))]);
}

const pieces = fc.array(fc.nat(9), { maxLength: 30 });

describe('replayJournal', () => {
  it('gives back what was recorded', () => {
    fc.assert(
      fc.property(pieces, (recorded) => {
        const bytes = written(recorded);
        const replay = replayJournal(bytes, header);
        expect(replay?.validBytes).toBe(bytes.length);
        expect(new Map(replay?.pieces)).toEqual(new Map(recorded.map((piece) => [piece, digestOf(piece)])));
      }),
    );
  });

  it('cuts a torn tail and keeps every whole record before it', () => {
    fc.assert(
      fc.property(pieces, fc.nat(2000), (recorded, cut) => {
        const bytes = written(recorded);
        const torn = bytes.subarray(0, Math.max(64, bytes.length - cut));
        const replay = replayJournal(torn, header);
        const whole = Math.floor((torn.length - 64) / 48);
        expect(replay?.validBytes).toBe(64 + whole * 48);
        expect([...(replay?.pieces.keys() ?? [])].sort()).toEqual(
          [...new Set(recorded.slice(0, whole))].sort(),
        );
      }),
    );
  });

  it('never believes a record with a flipped bit, nor anything behind it', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(9), { minLength: 1 }),
        fc.nat(),
        fc.nat(7),
        (recorded, where, bit) => {
          const bytes = written(recorded);
          const at = where % bytes.length;
          bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
          const replay = replayJournal(bytes, header);
          if (at < 64) {
            expect(replay).toBeUndefined();
            return;
          }
          const before = recorded.slice(0, Math.floor((at - 64) / 48));
          expect([...(replay?.pieces.keys() ?? [])]).toEqual(before);
        },
      ),
    );
  });

  it('never throws on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        expect(replayJournal(Buffer.from(noise), header)).toBeUndefined();
        const tail = replayJournal(Buffer.concat([encodeHeader(header), noise]), header);
        expect(tail?.pieces.size).toBe(0);
      }),
    );
  });

  it.each([
    ['key', { ...header, key: 'other' }],
    ['size', { ...header, size: 1001 }],
    ['piece size', { ...header, pieceSize: 101 }],
    ['digest', { ...header, sha256: undefined }],
  ])('does not take a journal of another %s', (_, other) => {
    expect(replayJournal(written([1]), other)).toBeUndefined();
  });

  it('does not take a record of another journal', () => {
    const other = encodeHeader({ ...header, key: 'other' });
    const bytes = Buffer.concat([encodeHeader(header), encodeRecord(other, 1, digestOf(1))]);
    expect(replayJournal(bytes, header)?.pieces.size).toBe(0);
  });

  it('does not take a piece that the file does not have', () => {
    const encoded = encodeHeader(header);
    const bytes = Buffer.concat([encoded, encodeRecord(encoded, 10, digestOf(10))]);
    expect(replayJournal(bytes, header)?.pieces.size).toBe(0);
  });
});

describe('Journal', () => {
  let folder: Folder;
  let path: string;

  beforeEach(() => {
    folder = temporaryFolder();
    path = join(folder.path, 'weights.journal');
  });
  afterEach(() => folder.remove());

  async function recorded(trusted = true): Promise<number[]> {
    const opened = await Journal.open(path, header, trusted);
    await opened.journal.close();
    return [...opened.pieces.keys()];
  }

  it('appends, and goes on where it was cut', async () => {
    const { journal } = await Journal.open(path, header, false);
    await journal.append([[1, digestOf(1)]]);
    await journal.append([[2, digestOf(2)]]);
    await journal.close();
    truncateSync(path, readFileSync(path).length - 10);
    const again = await Journal.open(path, header, true);
    expect([...again.pieces.keys()]).toEqual([1]);
    await again.journal.append([[3, digestOf(3)]]);
    await again.journal.close();
    expect(await recorded()).toEqual([1, 3]);
  });

  it('is thrown away when it is foreign, or older than its part file', async () => {
    writeFileSync(path, 'something else');
    expect(await recorded()).toEqual([]);
    writeFileSync(path, written([1, 2]));
    expect(await recorded(false)).toEqual([]);
    expect(await recorded()).toEqual([]);
  });

  it('keeps only what it is told on reset', async () => {
    writeFileSync(path, written([1, 2, 3]));
    const { journal } = await Journal.open(path, header, true);
    await journal.reset([[2, digestOf(2)]]);
    await journal.append([[4, digestOf(4)]]);
    await journal.close();
    expect(await recorded()).toEqual([2, 4]);
  });

  it('survives a second process that appends to the same journal', async () => {
    writeFileSync(path, written([1]));
    const { journal } = await Journal.open(path, header, true);
    appendFileSync(path, encodeRecord(encodeHeader(header), 5, digestOf(5)));
    await journal.append([[2, digestOf(2)]]);
    await journal.close();
    expect(await recorded()).toEqual([1, 5, 2]);
  });
});

/**
 * The end records of a zip: where the central directory lies. Programs look for them differently (last
 * signature, first that fits, Zip64 before or after), so a zip is accepted only when each way finds the same.
 * Paragraphs are those of PKWARE's APPNOTE.
 */
import { type ArchiveLimits, unsafeArchive } from './limits.js';

/** Bytes from the end that hold all end records, whatever the comment: 22 + 65,535, and 76 for Zip64. */
export const END_SPAN = 22 + 0xffff + 20 + 56;

const END_SIGNATURE = 0x06054b50;
const LOCATOR_SIGNATURE = 0x07064b50;
const END64_SIGNATURE = 0x06064b50;
const LOCATOR_SIZE = 20;
const END64_SIZE = 56;

export interface DirectoryPlace {
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

/**
 * Finds the directory from `tail`, the last bytes of a file of `size` bytes.
 * @throws ZooError `UNSAFE_ARCHIVE` when there is no end record or more than one reading of it, when it does
 * not end exactly where the end records begin, and when it is larger than the limits.
 */
export function findDirectory(
  tail: Buffer,
  size: number,
  label: string,
  limits: ArchiveLimits,
): DirectoryPlace {
  const base = size - tail.length;
  const at = findEnd(tail, label);
  // §4.3.16: disk numbers, entry counts, size and offset of the directory.
  const end = {
    disks: [tail.readUInt16LE(at + 4), tail.readUInt16LE(at + 6)],
    countHere: tail.readUInt16LE(at + 8),
    count: tail.readUInt16LE(at + 10),
    bytes: tail.readUInt32LE(at + 12),
    start: tail.readUInt32LE(at + 16),
  };
  const locator = at - LOCATOR_SIZE;
  const is64 = locator >= 0 && tail.readUInt32LE(locator) === LOCATOR_SIGNATURE;
  const place = is64 ? readEnd64(tail, base, locator, end, label) : { ...end, recordsAt: base + at };
  if (!is64 && (end.countHere !== end.count || end.disks.some((disk) => disk !== 0))) {
    throw unsafeArchive(label, 'it is one part of a zip on several disks');
  }
  if (place.start + place.bytes !== place.recordsAt) {
    throw unsafeArchive(label, 'its directory does not end where its end record begins', {
      expected: place.recordsAt,
      found: place.start + place.bytes,
    });
  }
  if (place.count > limits.maxEntries || place.bytes > limits.maxDirectoryBytes) {
    throw unsafeArchive(label, 'it has too many entries', {
      expected: `at most ${limits.maxEntries} in ${limits.maxDirectoryBytes} bytes`,
      found: `${place.count} in ${place.bytes} bytes`,
    });
  }
  return { start: place.start, end: place.start + place.bytes, count: place.count };
}

/** The only end record whose comment reaches exactly to the end of the file. */
function findEnd(tail: Buffer, label: string): number {
  const fitting: number[] = [];
  let last = -1;
  for (let at = Math.max(0, tail.length - 22 - 0xffff); at + 22 <= tail.length; at++) {
    if (tail[at] !== 0x50 || tail.readUInt32LE(at) !== END_SIGNATURE) continue;
    last = at;
    if (at + 22 + tail.readUInt16LE(at + 20) === tail.length) fitting.push(at);
  }
  const [found] = fitting;
  if (found === undefined) throw unsafeArchive(label, 'it is cut off, or not a zip file');
  // Some programs take the last signature and others the first that fits: both must be this one.
  if (fitting.length > 1 || last !== found) {
    throw unsafeArchive(label, 'it has more than one end record, so that programs read it differently');
  }
  return found;
}

interface End {
  readonly disks: readonly number[];
  readonly countHere: number;
  readonly count: number;
  readonly bytes: number;
  readonly start: number;
}

function readEnd64(tail: Buffer, base: number, locator: number, end: End, label: string) {
  const lie = () => unsafeArchive(label, 'its Zip64 records contradict each other or the end record');
  // §4.3.15: the locator. §4.3.14: the record, here without an extensible sector, directly before it.
  const at = Number(tail.readBigUInt64LE(locator + 8)) - base;
  if (at !== locator - END64_SIZE || at < 0 || tail.readUInt32LE(at) !== END64_SIGNATURE) throw lie();
  if (Number(tail.readBigUInt64LE(at + 4)) !== END64_SIZE - 12) throw lie();
  const count = Number(tail.readBigUInt64LE(at + 32));
  const bytes = Number(tail.readBigUInt64LE(at + 40));
  const start = Number(tail.readBigUInt64LE(at + 48));
  const disks = [tail.readUInt32LE(at + 16), tail.readUInt32LE(at + 20), tail.readUInt32LE(locator + 4)];
  if (disks.some((disk) => disk !== 0) || tail.readUInt32LE(locator + 16) > 1) throw lie();
  if (end.disks.some((disk) => disk !== 0 && disk !== 0xffff)) throw lie();
  if (Number(tail.readBigUInt64LE(at + 24)) !== count) throw lie();
  // Programs that don't know Zip64 must see the same, or the value that sends them away.
  if (![count, 0xffff].includes(end.count) || ![count, 0xffff].includes(end.countHere)) throw lie();
  if (![bytes, 0xffffffff].includes(end.bytes) || ![start, 0xffffffff].includes(end.start)) throw lie();
  return { start, bytes, count, recordsAt: base + at };
}

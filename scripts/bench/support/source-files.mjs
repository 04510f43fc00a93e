/** The files that the benchmark serves: random bytes, kept between runs, with the digests that a card needs. */
import { createHash, randomFillSync } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

const PIECE = 8 * 1024 * 1024;

/**
 * Gives a folder below `root` with `count` files of `size` bytes each, made unless it is there already.
 * @returns {{folder: string, files: {name: string, size: number, sha256: string, pieces: string[]}[]}}
 */
export function sourceFiles(root, count, size) {
  const folder = join(root, `${count}x${size}`);
  const list = `${folder}.json`;
  const files = read(list);
  if (files?.every((file) => hasSize(join(folder, file.name), file.size))) return { folder, files };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const made = [];
  for (let index = 0; index < count; index++) {
    const name = count === 1 ? 'model.bin' : `part-${String(index).padStart(5, '0')}.bin`;
    made.push({ name, size, ...writeRandom(join(folder, name), size) });
  }
  writeFileSync(list, JSON.stringify(made));
  return { folder, files: made };
}

function writeRandom(path, size) {
  const whole = createHash('sha256');
  const pieces = [];
  const buffer = Buffer.alloc(Math.min(PIECE, size));
  const file = openSync(path, 'w');
  for (let at = 0; at < size; at += PIECE) {
    const piece = buffer.subarray(0, Math.min(PIECE, size - at));
    randomFillSync(piece);
    whole.update(piece);
    pieces.push(createHash('sha256').update(piece).digest('hex'));
    writeSync(file, piece);
  }
  closeSync(file);
  return { sha256: whole.digest('hex'), pieces: pieces.length > 1 ? pieces : [] };
}

/** Throws unless every file lies whole and right below `folder`; also how the sources get into the page cache. */
export async function checkFiles(folder, files) {
  for (const { name, size, sha256 } of files) {
    const path = join(folder, name);
    if (!hasSize(path, size)) throw new Error(`${path} is missing or not of ${size} bytes`);
    const hash = createHash('sha256');
    const file = await open(path);
    try {
      for await (const chunk of file.createReadStream({ highWaterMark: 4 * 1024 * 1024 })) hash.update(chunk);
    } finally {
      await file.close();
    }
    if (hash.digest('hex') !== sha256) throw new Error(`${path} has the wrong sha256`);
  }
}

function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function hasSize(path, size) {
  return statSync(path, { throwIfNoEntry: false })?.size === size;
}

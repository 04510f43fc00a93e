/** What a file holds: by its first bytes, and by its name only where they don't tell. */
import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { forEachBounded } from '../core/for-each-bounded.js';
import { MODALITIES, type Modality } from '../registry/card-names.js';
import { audioKind, isAudioName } from './audio/audio-kind.js';
import { imageKind } from './image/image-kind.js';

const IMAGE_NAMES = [
  '.jpg',
  '.jpeg',
  '.jpe',
  '.jfif',
  '.png',
  '.webp',
  '.gif',
  '.bmp',
  '.dib',
  '.tif',
  '.tiff',
  '.avif',
];
const TEXT_NAMES = ['.txt', '.text'];
/** Enough for both kinds, tags before sound excepted: their names help. */
const HEAD = 4096;
/** More files than this are told by their names where these say something: opening each takes time. */
const MOST_OPENED = 2000;
const AT_ONCE = 16;

/** By name alone. */
export function modalityByName(name: string): Modality | undefined {
  const extension = extname(name).toLowerCase();
  if (IMAGE_NAMES.includes(extension)) return 'image';
  if (isAudioName(name)) return 'audio';
  return TEXT_NAMES.includes(extension) ? 'text' : undefined;
}

/**
 * What each file holds, in order; undefined for other things. A broken picture counts as one by its name, so that it
 * is missed and not forgotten. A file that is not there is told by its name.
 */
export async function modalitiesOf(
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<(Modality | undefined)[]> {
  const found = paths.map(modalityByName);
  const doubtful = Array.from(paths.keys()).filter(
    (index) => paths.length <= MOST_OPENED || found[index] === undefined,
  );
  await forEachBounded(
    doubtful,
    AT_ONCE,
    async (index) => {
      const path = paths[index] ?? '';
      const head = await readHead(path);
      if (head !== undefined) found[index] = modalityByHead(head, path) ?? found[index];
    },
    signal,
  );
  return found;
}

function modalityByHead(head: Uint8Array, path: string): Modality | undefined {
  if (imageKind(head) !== undefined) return 'image';
  if (modalityByName(path) !== 'text' && typeof audioKind(head, path) === 'string') return 'audio';
  return undefined;
}

async function readHead(path: string): Promise<Uint8Array | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD), 0, HEAD, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    // Whatever is wrong with it is said when it is read.
    return undefined;
  }
}

/** How many there are of each, the most first; those that don't occur are left out. */
export function countModalities(found: readonly (Modality | undefined)[]): [Modality, number][] {
  return MODALITIES.map((modality): [Modality, number] => [
    modality,
    found.filter((one) => one === modality).length,
  ])
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
}

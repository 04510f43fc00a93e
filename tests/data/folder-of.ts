/** Folders of real files for tests. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import type { Dataset } from '../../src/data/dataset.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** 6 x 4 pixels of one colour, as PNG. */
export const picture = (background = '#123456') =>
  sharp({ create: { width: 6, height: 4, channels: 3, background } })
    .png()
    .toBuffer();

/** 8 kHz, mono, 16 bits, so many samples of silence. */
export function recording(samples = 80): Buffer {
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(8000, 24);
  wav.writeUInt32LE(16000, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(samples * 2, 40);
  return wav;
}

/** A folder with these files; what is undefined becomes an empty folder. */
export async function folderOf(
  files: Readonly<Record<string, Buffer | string | undefined>>,
): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(content === undefined ? path : dirname(path), { recursive: true });
    if (content !== undefined) await writeFile(path, content);
  }
  return folder;
}

export const namesAndLabels = ({ examples }: Pick<Dataset, 'examples'>) =>
  examples.map(({ name, labels }) => [name, ...labels]);

/** The small files of PyTorch that scripts/golden/torch-files.py made, and how they are read in tests. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ReadStateDictOptions, readStateDict } from '../../../src/formats/pytorch/read-state-dict.js';
import type { Weights } from '../../../src/formats/weight.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

export interface GoldenTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Floats as the bits of their float32 in hexadecimal, others as they are. */
  readonly values: readonly (string | number)[];
}

export interface GoldenFile {
  readonly name: string;
  readonly base64: string;
}

interface TorchFiles {
  readonly cases: readonly (GoldenFile & {
    readonly entry?: string;
    readonly tensors: Readonly<Record<string, GoldenTensor>>;
  })[];
  readonly attacks: readonly (GoldenFile & { readonly refused: string })[];
  readonly big_endian: readonly GoldenFile[];
  readonly torchscript: string;
  readonly too_long: readonly string[];
}

export const torchFiles: TorchFiles = JSON.parse(
  readFileSync(new URL('../../golden/torch-files.json', import.meta.url), 'utf8'),
);

let folder: Promise<string> | undefined;

/** Reads bytes as a file. */
export async function readBytes(bytes: Uint8Array, options?: ReadStateDictOptions): Promise<Weights> {
  folder ??= temporaryFolder('torch');
  const path = join(await folder, `${randomUUID()}.pth`);
  await writeFile(path, bytes);
  try {
    return await readStateDict(path, options);
  } finally {
    await rm(path);
  }
}

export function bytesOf({ base64 }: Pick<GoldenFile, 'base64'>): Buffer {
  return Buffer.from(base64, 'base64');
}

/**
 * Features as a file for other programs: the tensor `features` [examples, width] in safetensors, and beside it a CSV
 * with a row an example: its name, labels and sha256. The same features give the same bytes.
 */
import { open, rm } from 'node:fs/promises';
import * as z from 'zod';
import { renameWithRetry, temporaryName } from '../../core/atomic-file.js';
import { type Digest, sha256 } from '../../core/digest.js';
import { ZooError } from '../../core/errors.js';
import type { Dataset, Example } from '../../data/dataset.js';
import { openSafetensors, type SafetensorsFile } from '../../formats/safetensors/read-safetensors.js';
import { SafetensorsWriter } from '../../formats/safetensors/safetensors-writer.js';
import type { Unreadable } from './feature-table.js';

const FORMAT = 'neuralzoo-features/1';
const TENSOR = 'features';
/** The first line of the CSV. Several labels are parted by semicolons; the sha256 is that of the example's content. */
export const CSV_HEADER = 'name,label,sha256\n';

/** What the features are, in the metadata of the file. */
export interface FeatureFileInfo {
  /** `image/mobilenet-v2@1.0.0` */
  readonly network: string;
  /** JSON of network digest, cut and pooling. */
  readonly backbone: string;
  /** JSON of everything that shaped the inputs. */
  readonly preparation: string;
  readonly batchSize: number;
  /** Examples of the whole data set. */
  readonly examples: number;
  /** sha256 over names and labels of the whole data set: parts of different ones don't go together. */
  readonly listing: string;
  readonly unreadable: readonly Unreadable[];
  /** `2/8` for a part; left out when it is the whole. */
  readonly shard?: string;
}

const infoSchema = z.object({
  format: z.literal(FORMAT),
  network: z.string(),
  backbone: z.string(),
  preparation: z.string(),
  batchSize: z.coerce.number().int().positive(),
  examples: z.coerce.number().int().min(0),
  listing: z.string(),
  unreadable: z.string(),
  shard: z.string().optional(),
});
const unreadableSchema = z.array(z.strictObject({ name: z.string(), reason: z.string() }));

/** Where the CSV of a feature file lies. */
export function csvPath(path: string): string {
  return `${path.replace(/\.safetensors$/i, '')}.csv`;
}

/** sha256 over names and labels of a data set. */
export function listingDigest(dataset: Dataset): Digest {
  return sha256(
    JSON.stringify(dataset.examples.map(({ name, labels, target }) => [name, labels, target ?? null])),
  );
}

export function csvRow({ name, labels, target }: Example, digest: Digest): string {
  return `${[name, target === undefined ? labels.join(';') : String(target), digest].map(csvCell).join(',')}\n`;
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Writes both files; each appears when it is whole.
 * @param blocks the numbers in order. @param rows the CSV's rows in order, without its header.
 */
export async function writeFeatureFile(
  path: string,
  shape: { readonly rows: number; readonly width: number },
  info: FeatureFileInfo,
  blocks: AsyncIterable<Float32Array>,
  rows: AsyncIterable<string>,
): Promise<void> {
  const writer = await SafetensorsWriter.create(path, { name: TENSOR, ...shape, metadata: metadataOf(info) });
  try {
    for await (const block of blocks) await writer.append(block);
    await writeText(csvPath(path), rows);
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  await writer.close();
}

function metadataOf({ batchSize, examples, unreadable, ...texts }: FeatureFileInfo): Record<string, string> {
  return {
    format: FORMAT,
    ...texts,
    batchSize: String(batchSize),
    examples: String(examples),
    unreadable: JSON.stringify(unreadable),
  };
}

/** Written in pieces of this many characters. */
const CHARACTERS = 1 << 20;

async function writeText(path: string, rows: AsyncIterable<string>): Promise<void> {
  const temporary = temporaryName(path);
  try {
    const file = await open(temporary, 'wx');
    try {
      let text = CSV_HEADER;
      for await (const row of rows) {
        text += row;
        if (text.length < CHARACTERS) continue;
        await file.write(text);
        text = '';
      }
      await file.write(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await renameWithRetry(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

export interface FeatureFile {
  readonly path: string;
  readonly info: FeatureFileInfo;
  readonly rows: number;
  readonly width: number;
  /** Open until it is closed. */
  readonly file: SafetensorsFile;
}

/** @throws ZooError `NOT_FOUND`; `INTEGRITY` for a malformed file; `DATA` for one that holds something else. */
export async function openFeatureFile(path: string): Promise<FeatureFile> {
  const file = await openSafetensors(path);
  try {
    const read = infoSchema.safeParse(file.metadata);
    const tensor = file.tensors.get(TENSOR);
    const [rows, width, ...more] = tensor?.shape ?? [];
    if (
      !read.success ||
      tensor?.dtype !== 'F32' ||
      rows === undefined ||
      width === undefined ||
      more.length > 0
    ) {
      throw new ZooError('DATA', `${path} does not hold features`, {
        expected: 'a file that zoo features has written',
        found: [...file.tensors.keys()].slice(0, 5).join(', ') || 'no tensors',
      });
    }
    const { format: _, shard, ...info } = read.data;
    const unreadable = unreadableSchema.parse(JSON.parse(info.unreadable));
    return {
      path,
      info: { ...info, unreadable, ...(shard === undefined ? {} : { shard }) },
      rows,
      width,
      file,
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The numbers of a file, block by block. */
export async function* readBlocks(
  { file, rows, width }: FeatureFile,
  signal?: AbortSignal,
): AsyncGenerator<Float32Array> {
  const step = Math.max(1, Math.floor((CHARACTERS * 4) / (4 * width)));
  for (let from = 0; from < rows; from += step) {
    const { data } = await file.readRows(TENSOR, from, Math.min(from + step, rows), signal);
    if (data instanceof Float32Array) yield data;
  }
}

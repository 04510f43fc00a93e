/** Parts that several machines made, put together: the bytes are those of one machine that did it all. */
import { createReadStream } from 'node:fs';
import { hasCode, ZooError } from '../../core/errors.js';
import {
  CSV_HEADER,
  csvPath,
  type FeatureFile,
  type FeatureFileInfo,
  openFeatureFile,
  readBlocks,
  writeFeatureFile,
} from './feature-file.js';
import { parseShard, type Shard } from './shard.js';

export interface MergeResult {
  readonly rows: number;
  readonly width: number;
  readonly parts: number;
}

interface Part extends FeatureFile {
  readonly shard: Shard;
}

/** What all parts must share, and what a person calls it. */
const SHARED = {
  network: 'network',
  backbone: 'cut, pooling or version of the network',
  preparation: 'preparation of the inputs',
  batchSize: 'batch size',
  examples: 'number of examples',
  listing: 'list of examples',
} as const satisfies Partial<Record<keyof FeatureFileInfo, string>>;

/**
 * @param paths the parts in any order, each once.
 * @throws ZooError `DATA` when one is missing, there twice, or of another extraction; `INTEGRITY` for a damaged one.
 */
export async function mergeFeatures(
  paths: readonly string[],
  out: string,
  signal?: AbortSignal,
): Promise<MergeResult> {
  const opened: FeatureFile[] = [];
  try {
    for (const path of paths) opened.push(await openFeatureFile(path));
    const parts = opened.map(asPart).toSorted((a, b) => a.shard.index - b.shard.index);
    const [first] = parts;
    if (first === undefined) throw new ZooError('USAGE', 'Nothing to merge', { hint: 'Name the parts.' });
    checkTogether(parts, first);
    const rows = parts.reduce((sum, part) => sum + part.rows, 0);
    const { shard: _, ...info } = first.info;
    const unreadable = parts.flatMap((part) => part.info.unreadable);
    const numbers = async function* () {
      for (const part of parts) yield* readBlocks(part, signal);
    };
    const { width } = first;
    await writeFeatureFile(out, { rows, width }, { ...info, unreadable }, numbers(), csvRows(parts, signal));
    return { rows, width, parts: parts.length };
  } finally {
    await Promise.all(opened.map(({ file }) => file.close()));
  }
}

function asPart(file: FeatureFile): Part {
  if (file.info.shard !== undefined) return { ...file, shard: parseShard(file.info.shard) };
  throw new ZooError('DATA', `${file.path} is whole already`, {
    expected: 'parts, made with --shard I/N',
    found: 'all of a data set',
  });
}

function checkTogether(parts: readonly Part[], first: Part): void {
  const { count } = first.shard;
  for (const part of parts) {
    for (const [key, words] of Object.entries(SHARED)) {
      if (textOf(part, key) === textOf(first, key) && part.width === first.width) continue;
      throw new ZooError('DATA', `These parts don't go together: another ${words}`, {
        expected: `as in ${first.path}: ${short(textOf(first, key))}`,
        found: `in ${part.path}: ${short(textOf(part, key))}`,
        hint: 'Make all parts with the same command and the same data.',
      });
    }
    if (part.shard.count !== count) {
      throw new ZooError('DATA', 'These parts are of another number of parts', {
        expected: `${count}, as ${first.path}`,
        found: `${part.shard.count} in ${part.path}`,
      });
    }
  }
  const present = parts.map((part) => part.shard.index);
  const twice = present.find((index, at) => present.indexOf(index) !== at);
  if (twice !== undefined) {
    throw new ZooError('DATA', `Part ${twice}/${count} is there twice`, {
      found: parts.flatMap((part) => (part.shard.index === twice ? [part.path] : [])).join(', '),
    });
  }
  const missing = Array.from({ length: count }, (_, at) => at + 1).filter(
    (index) => !present.includes(index),
  );
  if (missing.length > 0) {
    throw new ZooError('DATA', 'Parts are missing', {
      expected: `${count} parts`,
      found: `without ${missing.slice(0, 20).join(', ')}${missing.length > 20 ? ' …' : ''}`,
    });
  }
}

function textOf(part: Part, key: string): string {
  return String(Reflect.get(part.info, key));
}

function short(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}

/** The rows of all CSV files, of which only the first keeps its header. */
async function* csvRows(parts: readonly Part[], signal: AbortSignal | undefined): AsyncGenerator<string> {
  for (const part of parts) yield* rowsOf(part, signal);
}

async function* rowsOf(part: Part, signal: AbortSignal | undefined): AsyncGenerator<string> {
  const path = csvPath(part.path);
  let text = '';
  let headed = false;
  const stream = createReadStream(path, { encoding: 'utf8', ...(signal === undefined ? {} : { signal }) });
  try {
    for await (const chunk of stream) {
      text += chunk;
      if (!headed && text.length >= CSV_HEADER.length) {
        if (!text.startsWith(CSV_HEADER)) break;
        text = text.slice(CSV_HEADER.length);
        headed = true;
      }
      if (!headed) continue;
      yield text;
      text = '';
    }
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT')) throw cause;
    throw new ZooError('NOT_FOUND', `The names and labels of ${part.path} are not beside it`, {
      expected: path,
      hint: 'Keep the .csv of each part with its .safetensors.',
      cause,
    });
  }
  if (headed) return;
  throw new ZooError('DATA', `${path} is not the list of names and labels of ${part.path}`, {
    expected: `a first line ${CSV_HEADER.trim()}`,
  });
}

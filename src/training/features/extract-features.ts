/** Features of a whole data set: into memory, or into a file for other programs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { modelId, modelKey } from '../../cache/layout.js';
import type { Digest } from '../../core/digest.js';
import type { Dataset, Example } from '../../data/dataset.js';
import type { Backbone } from '../../transfer/backbone.js';
import { exampleDigests } from './example-digests.js';
import { csvRow, listingDigest, writeFeatureFile } from './feature-file.js';
import { collectTable, type FeatureTable, type Unreadable } from './feature-table.js';
import { formatShard } from './shard.js';
import { DEFAULT_BATCH, type FeatureOptions, shardExamples, streamFeatures } from './stream-features.js';

/**
 * Features in memory: 4 bytes a number, so 1 GB for 200,000 pictures of MobileNetV2. `streamFeatures` has no such limit.
 * @throws ZooError as `streamFeatures`.
 */
export function extractFeatures(
  backbone: Backbone,
  dataset: Dataset,
  options: FeatureOptions = {},
): Promise<FeatureTable> {
  return collectTable(streamFeatures(backbone, dataset, options), backbone.width);
}

export interface SaveResult {
  readonly rows: number;
  readonly width: number;
  /** Examples that the network ran for; the others were in the cache. */
  readonly computed: number;
  readonly unreadable: readonly Unreadable[];
}

/**
 * Writes features to `path` and names, labels and digests to a `.csv` beside it, with memory that does not grow with
 * the data set. The same data, network and options give the same bytes.
 * @throws ZooError as `streamFeatures`; the system's error where `path` can't be written.
 */
export async function saveFeatures(
  backbone: Backbone,
  dataset: Dataset,
  path: string,
  options: FeatureOptions = {},
): Promise<SaveResult> {
  const { signal, shard, batchSize = DEFAULT_BATCH } = options;
  const temporary =
    options.cache === undefined ? await mkdtemp(join(dirname(path), '.features-')) : undefined;
  try {
    const cache = options.cache ?? temporary;
    const digests = await exampleDigests(shardExamples(dataset, options), signal);
    // The first time through tells how many rows there are; the second reads them from the cache.
    const counted = { rows: 0, computed: 0 };
    const unreadable: Unreadable[] = [];
    for await (const block of streamFeatures(backbone, dataset, { ...options, cache, digests })) {
      counted.rows += block.examples.length;
      if (!block.cached) counted.computed += block.examples.length;
      unreadable.push(...block.unreadable);
    }
    const again = { ...options, cache, digests, onProgress: undefined };
    const numbers = async function* () {
      for await (const block of streamFeatures(backbone, dataset, again)) yield block.features;
    };
    const { width } = backbone;
    const info = {
      network: modelId(modelKey(backbone.card)),
      backbone: backbone.identity,
      preparation: backbone.preparer.identity,
      batchSize,
      examples: dataset.examples.length,
      listing: listingDigest(dataset),
      unreadable,
      ...(shard === undefined ? {} : { shard: formatShard(shard) }),
    };
    const rows = csvRows(shardExamples(dataset, options), digests, unreadable);
    await writeFeatureFile(path, { rows: counted.rows, width }, info, numbers(), rows);
    return { ...counted, width, unreadable };
  } finally {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
  }
}

async function* csvRows(
  examples: readonly Example[],
  digests: readonly Digest[],
  unreadable: readonly Unreadable[],
): AsyncGenerator<string> {
  const left = new Set(unreadable.map(({ name }) => name));
  for (const [index, example] of examples.entries()) {
    const digest = digests[index];
    if (digest !== undefined && !left.has(example.name)) yield csvRow(example, digest);
  }
}

/**
 * The frozen pass: every example of a data set once through the backbone, in blocks of one batch each. Blocks are
 * fixed ranges of the data set, so that a batch is made of the same examples whatever was cached, interrupted or given
 * to other machines, and its numbers are the same bytes. Decoding runs ahead of the network.
 */
import { explainDiskError } from '../../cache/disk-space.js';
import { type Digest, sha256 } from '../../core/digest.js';
import { ZooError } from '../../core/errors.js';
import type { Dataset, Example } from '../../data/dataset.js';
import { subset } from '../../data/make-dataset.js';
import { type Streamed, streamExamples } from '../../data/stream.js';
import type { Backbone } from '../../transfer/backbone.js';
import { checkModality } from '../../transfer/check-fit.js';
import { goesByGraph } from '../../transfer/forward-pass.js';
import type { Prepared } from '../../transfer/prepare/preparer.js';
import type { StoredBlock } from './block-run.js';
import { dataDigest, exampleDigests } from './example-digests.js';
import { type FeatureProgress, ProgressMeter } from './feature-progress.js';
import { FeatureStore, featureCachePath } from './feature-store.js';
import type { FeatureBlock, Unreadable } from './feature-table.js';
import { type Shard, shardBlocks } from './shard.js';

/** What gives a row of numbers for each example: a backbone, or the frozen part of a network whose rest is trained. */
export type FeatureSource = Pick<Backbone, 'card' | 'preparer' | 'width' | 'identity' | 'featuresOf'>;

export interface FeatureOptions {
  /** Examples that go through the network together, 1 to 4096; default 32. Part of the cache's key. */
  readonly batchSize?: number | undefined;
  /** Folder of the feature cache; without it nothing is kept. */
  readonly cache?: string | undefined;
  /** Only this machine's part. */
  readonly shard?: Shard | undefined;
  /** Largest share of examples that may be unreadable, 0 to 1; the data set's own by default, else 0. */
  readonly tolerate?: number | undefined;
  /** sha256 of the examples of this machine's part, where the caller has them already. */
  readonly digests?: readonly Digest[] | undefined;
  readonly onProgress?: ((progress: FeatureProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export const DEFAULT_BATCH = 32;
const MAX_BATCH = 4096;
/** Changes when the same inputs would give other numbers. */
const KEY_VERSION = 2;
/** Each may hold a whole photograph. */
const DECODED_AT_ONCE = 8;
/** Unreadable examples named in a message. */
const NAMED = 5;

/**
 * Features of a data set, block by block in its order.
 * @throws ZooError `DATA` when data and network don't fit, or too many examples can't be read; `USAGE` for options out of
 * range; `DISK_FULL`, `FILE_SYSTEM` of the cache. The signal's reason: what is finished then is in the cache.
 */
export async function* streamFeatures(
  backbone: FeatureSource,
  dataset: Dataset,
  options: FeatureOptions = {},
): AsyncGenerator<FeatureBlock> {
  const { signal } = options;
  checkModality(backbone.card, dataset);
  const plan = planBlocks(dataset, options);
  const allowed = Math.floor(toleranceOf(dataset, options) * plan.examples.length + 1e-9);
  const unreadable: Unreadable[] = [];
  const store = await openStore(backbone, plan, options);
  try {
    const missing = blocksOf(plan).filter((block) => store?.has(block) !== true);
    const wanted = missing.flatMap((block) => plan.examplesOf(block));
    const meter = new ProgressMeter(plan.examples.length, wanted.length);
    const decoded = prepareAhead(backbone, subset(dataset, wanted), plan.batchSize, signal);
    try {
      for (const index of blocksOf(plan)) {
        signal?.throwIfAborted();
        const cached = store?.has(index) === true;
        const examples = plan.examplesOf(index);
        const stored =
          store !== undefined && cached
            ? await store.block(index)
            : await computeBlock(backbone, index, examples.length, decoded, plan);
        if (!cached) await store?.add(stored);
        const block = withExamples(stored, examples, cached);
        unreadable.push(...block.unreadable);
        refuseTooMany(unreadable, allowed, plan.examples.length);
        options.onProgress?.(cached ? meter.fromCache(examples.length) : meter.computed(examples.length));
        yield block;
      }
    } finally {
      await decoded.return(undefined);
    }
    await store?.finish();
  } catch (error) {
    throw explainDiskError(error, 'writing the feature cache');
  } finally {
    // Also when the consumer leaves early. A failure in here must not hide the one that led here.
    if (store?.complete === false) await store.flush().catch(() => {});
    await store?.close();
  }
}

/** Examples of this machine's part. */
export function shardExamples(dataset: Dataset, options: FeatureOptions): readonly Example[] {
  return planBlocks(dataset, options).examples;
}

/**
 * Decoded and prepared ahead of the network: its calls hold up this thread, and what was begun before goes on in the
 * threads that decode meanwhile.
 */
function prepareAhead(
  { preparer }: FeatureSource,
  dataset: Dataset,
  batchSize: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Streamed<Prepared>> {
  return streamExamples(dataset, {
    ahead: 2 * batchSize,
    concurrency: DECODED_AT_ONCE,
    // Those that are in the cache count too: see `refuseTooMany`.
    tolerate: 1,
    transform: (raw) => preparer.prepare(raw),
    signal,
  });
}

/** One batch: the next `size` examples of `decoded`. */
async function computeBlock(
  backbone: FeatureSource,
  index: number,
  size: number,
  decoded: AsyncIterator<Streamed<Prepared>>,
  { batchSize, total }: BlockPlan,
): Promise<StoredBlock> {
  const prepared: Prepared[] = [];
  const unreadable: [number, string][] = [];
  for (let place = 0; place < size; place++) {
    const next = await decoded.next();
    if (next.done === true) throw new RangeError('the examples ended too early');
    if (next.value.error === undefined) prepared.push(next.value.value);
    else unreadable.push([place, next.value.error.message]);
  }
  const features = await backbone.featuresOf(prepared, { batchSize, of: total });
  return { index, features, unreadable };
}

interface BlockPlan {
  readonly batchSize: number;
  /** Examples of the whole data set, whatever part of it this is: they decide which way all of them go. */
  readonly total: number;
  /** All of the part. */
  readonly examples: readonly Example[];
  /** First block, and the one behind the last. */
  readonly first: number;
  readonly end: number;
  /** Index of the first example of a block. */
  startOf(block: number): number;
  examplesOf(block: number): readonly Example[];
}

function planBlocks({ examples }: Dataset, { batchSize = DEFAULT_BATCH, shard }: FeatureOptions): BlockPlan {
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > MAX_BATCH) {
    throw new ZooError('USAGE', 'Not a batch size', { expected: `1 to ${MAX_BATCH}`, found: batchSize });
  }
  const blocks = Math.ceil(examples.length / batchSize);
  const [first, end] = shard === undefined ? [0, blocks] : shardBlocks(shard, blocks);
  const startOf = (block: number) => Math.min(block * batchSize, examples.length);
  return {
    batchSize,
    total: examples.length,
    examples: examples.slice(startOf(first), startOf(end)),
    first,
    end,
    startOf,
    examplesOf: (block) => examples.slice(startOf(block), startOf(block + 1)),
  };
}

function blocksOf({ first, end }: BlockPlan): number[] {
  return Array.from({ length: end - first }, (_, offset) => first + offset);
}

function toleranceOf(dataset: Dataset, options: FeatureOptions): number {
  const tolerate = options.tolerate ?? dataset.tolerate ?? 0;
  if (tolerate >= 0 && tolerate <= 1) return tolerate;
  throw new ZooError('USAGE', 'Not a share of unreadable examples', { expected: '0 to 1', found: tolerate });
}

async function openStore(
  backbone: FeatureSource,
  plan: BlockPlan,
  options: FeatureOptions,
): Promise<FeatureStore | undefined> {
  const { cache, signal } = options;
  if (cache === undefined) return undefined;
  const { first, end } = plan;
  const key = await keyOf(backbone, plan, options);
  const sizeOf = (block: number) => plan.startOf(block + 1) - plan.startOf(block);
  try {
    return await FeatureStore.open({ folder: cache, key, width: backbone.width, sizeOf, first, end, signal });
  } catch (error) {
    throw explainDiskError(error, 'opening the feature cache');
  }
}

async function keyOf(
  backbone: FeatureSource,
  { examples, batchSize, first, total }: BlockPlan,
  { digests, signal }: FeatureOptions,
): Promise<Digest> {
  const data = dataDigest(digests ?? (await exampleDigests(examples, signal)));
  return sha256(
    JSON.stringify({
      version: KEY_VERSION,
      backbone: backbone.identity,
      preparation: backbone.preparer.identity,
      data,
      batchSize,
      first,
      graph: goesByGraph(backbone.preparer.modality, total),
    }),
  );
}

/** Path of the finished features of all examples in the cache; it is there when a stream of them has ended. */
export async function featurePath(
  backbone: FeatureSource,
  dataset: Dataset,
  options: FeatureOptions & { readonly cache: string },
): Promise<string> {
  return featureCachePath(options.cache, await keyOf(backbone, planBlocks(dataset, options), options));
}

function withExamples(stored: StoredBlock, examples: readonly Example[], cached: boolean): FeatureBlock {
  const reasons = new Map(stored.unreadable);
  return {
    index: stored.index,
    examples: examples.filter((_, place) => !reasons.has(place)),
    features: stored.features,
    unreadable: stored.unreadable.map(([place, reason]) => ({ name: examples[place]?.name ?? '', reason })),
    cached,
  };
}

function refuseTooMany(unreadable: readonly Unreadable[], allowed: number, total: number): void {
  if (unreadable.length <= allowed) return;
  const named = unreadable.slice(0, NAMED).map(({ name, reason }) => `${name}: ${reason}`);
  throw new ZooError('DATA', 'Too many examples could not be read', {
    expected: `at most ${allowed} of ${total}`,
    found: `${unreadable.length} so far:\n${named.join('\n')}`,
    hint: 'Mend or remove these files, or allow a larger share to be left out.',
  });
}

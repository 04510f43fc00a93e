/**
 * Batches of what the frozen part of a network gives: computed once for each example, kept on disk, and read from there
 * in every epoch, in this run and in later ones with the same frozen part.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeSpace } from '../../cache/disk-space.js';
import { formatBytes } from '../../core/bytes.js';
import { type Digest, sha256 } from '../../core/digest.js';
import type { Dataset } from '../../data/dataset.js';
import type { BoundaryTensor } from '../../graph/native-training.js';
import { type Tensor, tf } from '../../runtime/tensorflow.js';
import type { Backbone } from '../../transfer/backbone.js';
import { disposeBatch, type Prepared } from '../../transfer/prepare/preparer.js';
import { openRows, type StoredRows } from '../features/block-run.js';
import type { FeatureProgress } from '../features/feature-progress.js';
import { type FeatureSource, featurePath, streamFeatures } from '../features/stream-features.js';
import type { BatchOptions, BatchSource, RowBatch } from './batches.js';
import type { Trainer } from './trainer.js';

export interface FrozenOptions {
  /** Of every tensor that the run does not train, and of which it trains: what the values depend on. */
  readonly frozen: Digest;
  /** Folder of the feature cache; by default a temporary one, which goes when the source is closed. */
  readonly cache: string | undefined;
  /** That texts are padded to. */
  readonly positions?: number | undefined;
  readonly digests?: readonly Digest[] | undefined;
  readonly onProgress?: ((progress: FeatureProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Of the free space of the disk, what values at a boundary may take. */
const MOST_OF_DISK = 0.5;
/** Masks and other small whole numbers are kept as float32, which holds them exactly. */
const KEPT: readonly string[] = ['float32', 'int32', 'bool'];

/**
 * Computes what is not in the cache yet.
 * @param refuse told in one sentence why nothing is computed beforehand.
 * @returns undefined where steps run the whole network: no boundary, not enough disk, several windows an example.
 * @throws ZooError as `streamFeatures`; the signal's reason.
 */
export async function frozenBatches(
  trainer: Trainer,
  backbone: Backbone,
  dataset: Dataset,
  options: FrozenOptions,
  refuse: (reason: string) => void,
): Promise<BatchSource | undefined> {
  const { boundary } = trainer;
  if (boundary?.every(({ dtype }) => KEPT.includes(dtype)) !== true) return undefined;
  const bytes = boundary.reduce((sum, tensor) => sum + tensor.bytes, 0) * dataset.examples.length;
  const free = await freeSpace(options.cache ?? tmpdir());
  if (bytes > MOST_OF_DISK * free) {
    refuse(
      `the frozen part is computed in every epoch: its values take ${formatBytes(bytes)}, and ${formatBytes(free)} of the disk are free`,
    );
    return undefined;
  }
  const temporary =
    options.cache === undefined ? await mkdtemp(join(tmpdir(), 'neuralzoo-frozen-')) : undefined;
  const source = new BoundarySource(trainer, backbone, boundary, options);
  const { digests, signal } = options;
  const stored = { cache: options.cache ?? temporary ?? '', digests, signal, tolerate: 0 };
  const discard = () =>
    temporary === undefined ? Promise.resolve() : rm(temporary, { recursive: true, force: true });
  try {
    for await (const _ of streamFeatures(source, dataset, { ...stored, onProgress: options.onProgress }));
    const rows = await openRows(await featurePath(source, dataset, stored));
    return new FrozenBatches(rows, boundary, discard);
  } catch (error) {
    await discard();
    if (!(error instanceof SeveralRows)) throw error;
    refuse('the frozen part is computed in every epoch: recordings have several windows');
    return undefined;
  }
}

class SeveralRows extends Error {}

/** The frozen part as the feature cache sees it: all tensors at the boundary as one row. */
class BoundarySource implements FeatureSource {
  readonly card: Backbone['card'];
  readonly preparer: Backbone['preparer'];
  readonly width: number;
  readonly identity: string;
  readonly #trainer: Trainer;
  readonly #positions: number | undefined;

  constructor(
    trainer: Trainer,
    { card, preparer, identity }: Backbone,
    boundary: readonly BoundaryTensor[],
    { frozen, positions }: FrozenOptions,
  ) {
    this.#trainer = trainer;
    this.#positions = positions;
    this.card = card;
    this.preparer = preparer;
    this.width = boundary.reduce((sum, tensor) => sum + sizeOf(tensor), 0);
    const shapes = boundary.map(({ shape }) => shape);
    this.identity = `frozen ${sha256(JSON.stringify({ identity, frozen, shapes }))}`;
  }

  async featuresOf(prepared: readonly Prepared[]): Promise<Float32Array> {
    if (prepared.length === 0) return new Float32Array(0);
    if (prepared.some(({ rows }) => rows !== 1)) throw new SeveralRows();
    const batch = this.preparer.batch(prepared, this.#positions);
    let tensors: Tensor[] = [];
    try {
      tensors = await this.#trainer.frozen(batch);
      const joined = tf.tidy(() =>
        tf.concat2d(
          tensors.map((tensor) => tensor.cast('float32').as2D(prepared.length, -1)),
          1,
        ),
      );
      tensors.push(joined);
      return await joined.data<'float32'>();
    } finally {
      tf.dispose(tensors);
      disposeBatch(batch);
    }
  }
}

class FrozenBatches implements BatchSource {
  readonly cached = true;
  readonly #rows: StoredRows;
  readonly #boundary: readonly BoundaryTensor[];
  readonly #discard: () => Promise<void>;

  constructor(rows: StoredRows, boundary: readonly BoundaryTensor[], discard: () => Promise<void>) {
    this.#rows = rows;
    this.#boundary = boundary;
    this.#discard = discard;
  }

  async *batches(order: readonly number[], { batchSize, signal }: BatchOptions): AsyncGenerator<RowBatch> {
    let next = this.#read(order.slice(0, batchSize));
    for (let from = 0; from < order.length; from += batchSize) {
      signal?.throwIfAborted();
      const rows = order.slice(from, from + batchSize);
      const values = await next;
      // Read ahead, while the network is busy with these.
      next = this.#read(order.slice(from + batchSize, from + 2 * batchSize));
      next.catch(() => {});
      const frozen = this.#tensors(values);
      yield { input: { frozen }, rows, examples: rows.length, dispose: () => tf.dispose(frozen) };
    }
    await next;
  }

  #read(indices: readonly number[]): Promise<Float32Array[]> {
    return Promise.all(indices.map((index) => this.#rows.row(index)));
  }

  #tensors(rows: readonly Float32Array[]): Tensor[] {
    let at = 0;
    return this.#boundary.map((tensor) => {
      const size = sizeOf(tensor);
      const values = new Float32Array(rows.length * size);
      for (const [index, row] of rows.entries()) values.set(row.subarray(at, at + size), index * size);
      at += size;
      const shape = [rows.length, ...tensor.shape];
      return tf.tidy(() => tf.tensor(values, shape, 'float32').cast(tensor.dtype));
    });
  }

  async close(): Promise<void> {
    await this.#rows.close();
    await this.#discard();
  }
}

function sizeOf({ shape }: BoundaryTensor): number {
  return shape.reduce((product, size) => product * size, 1);
}

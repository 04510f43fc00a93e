/** Where the batches of a run come from: examples decoded ahead, or rows that the frozen part gave for them once. */
import { ZooError } from '../../core/errors.js';
import type { Dataset, Raw } from '../../data/dataset.js';
import { subset } from '../../data/make-dataset.js';
import { Random } from '../../data/random.js';
import { streamExamples } from '../../data/stream.js';
import { disposeBatch, type Prepared, type Preparer } from '../../transfer/prepare/preparer.js';
import { type Variation, vary } from '../features/vary.js';
import type { StepInput } from './trainer.js';

export interface RowBatch {
  readonly input: StepInput;
  /** Which example each row is of. */
  readonly rows: readonly number[];
  /** How many examples these are. */
  readonly examples: number;
  dispose(): void;
}

export interface BatchOptions {
  readonly batchSize: number;
  /** Which epoch of training it is, from 1; undefined where nothing is to be learnt: then nothing is varied. */
  readonly epoch?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface BatchSource {
  /** True where the frozen part of the network was computed beforehand. */
  readonly cached: boolean;
  /** @param order places in the data set. @throws ZooError `DATA` for an example that can't be read. */
  batches(order: readonly number[], options: BatchOptions): AsyncGenerator<RowBatch>;
  close(): Promise<void>;
}

export interface Augmentation {
  /** How; the defaults of each modality where nothing is said. */
  readonly variation: Variation;
  readonly seed: number;
}

interface Ready {
  readonly index: number;
  readonly prepared: Prepared;
}

/** Decodes and prepares examples anew in every epoch, each time varied by chance where that was asked for. */
export class ExampleBatches implements BatchSource {
  readonly cached = false;
  readonly #preparer: Preparer;
  readonly #dataset: Dataset;
  readonly #augmentation: Augmentation | undefined;
  readonly #positions: number | undefined;

  /**
   * @param positions that every text is padded to; by default to the longest of its batch.
   * @throws ZooError `DATA` for texts that are to be varied.
   */
  constructor(preparer: Preparer, dataset: Dataset, augmentation?: Augmentation, positions?: number) {
    if (augmentation !== undefined && dataset.modality === 'text') {
      throw new ZooError('DATA', 'Texts can not be varied', { expected: 'pictures or recordings' });
    }
    this.#preparer = preparer;
    this.#dataset = dataset;
    this.#augmentation = augmentation;
    this.#positions = positions;
  }

  async *batches(order: readonly number[], options: BatchOptions): AsyncGenerator<RowBatch> {
    const { batchSize, epoch, signal } = options;
    const stream = streamExamples(
      subset(
        this.#dataset,
        order.flatMap((index) => this.#dataset.examples[index] ?? []),
      ),
      {
        ahead: 2 * batchSize,
        tolerate: 0,
        transform: (raw, _, place) => this.#preparer.prepare(this.#varied(raw, order[place] ?? 0, epoch)),
        signal,
      },
    );
    let waiting: Ready[] = [];
    for await (const { index, value, error } of stream) {
      if (error !== undefined) throw error;
      waiting.push({ index: order[index] ?? 0, prepared: value });
      if (waiting.length < batchSize) continue;
      yield this.#batch(waiting);
      waiting = [];
    }
    if (waiting.length > 0) yield this.#batch(waiting);
  }

  /** The same in every run with the seed, whatever was varied before. */
  #varied(raw: Raw, index: number, epoch: number | undefined): Raw {
    if (this.#augmentation === undefined || epoch === undefined) return raw;
    const { seed, variation } = this.#augmentation;
    return vary(raw, Random.seeded(seed, `example ${index} in epoch ${epoch}`), variation);
  }

  #batch(ready: readonly Ready[]): RowBatch {
    const batch = this.#preparer.batch(
      ready.map(({ prepared }) => prepared),
      this.#positions,
    );
    return {
      input: { batch },
      rows: ready.flatMap(({ index, prepared }) => Array<number>(prepared.rows).fill(index)),
      examples: ready.length,
      dispose: () => disposeBatch(batch),
    };
  }

  async close(): Promise<void> {}
}

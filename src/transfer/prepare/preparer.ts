/** From decoded local data to the tensors that a network takes, as its card says. */
import type { Raw } from '../../data/dataset.js';
import type { NetworkInputs } from '../../formats/network.js';
import type { Modality } from '../../registry/card-names.js';
import type { Tensor } from '../../runtime/tensorflow.js';

/** One example, ready: plain arrays, so that many can wait while the network is busy with others. */
export interface Prepared {
  /** Rows that it becomes in a batch: 1, or the windows of a recording. */
  readonly rows: number;
  /** Shape of one row, without the batch. */
  readonly shape: readonly number[];
  /** All rows one after another; the text itself for a network that reads strings. */
  readonly values: Float32Array | Int32Array | string;
  /** Share of the tokens of a text, 0 to 1, that the vocabulary does not know. */
  readonly unknown?: number;
}

export interface Batch {
  readonly inputs: NetworkInputs;
  /** [rows, positions], 1 where a position holds a token: text is padded to the longest of the batch. One of the inputs. */
  readonly mask: Tensor | undefined;
}

/** Things that one preparer did to the data, each once, in words for a person. */
export class Notes {
  readonly #counts = new Map<string, number>();
  readonly #sentences = new Map<string, (count: number) => string>();

  /** Counts one more example of this kind. `sentence` is made when it is read. */
  add(kind: string, sentence: (count: number) => string): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    this.#sentences.set(kind, sentence);
  }

  clear(): void {
    this.#counts.clear();
    this.#sentences.clear();
  }

  /** In an order that does not depend on which example was ready first. */
  list(): string[] {
    const sorted = [...this.#sentences].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return sorted.map(([kind, sentence]) => sentence(this.#counts.get(kind) ?? 0));
  }
}

export interface Preparer {
  readonly modality: Modality;
  /** JSON of everything that shapes the numbers; a part of the feature cache's key. */
  readonly identity: string;
  /** What the network takes, for messages: `16 kHz mono audio`. */
  readonly takes: string;
  /** Conversions made so far: "120 grey pictures were made RGB". Each kind once. */
  readonly notes: readonly string[];
  /** Begins to count anew. */
  forgetNotes(): void;
  /**
   * @throws ZooError `DATA` for an example that can't be converted: another modality, an empty recording, an empty
   * text.
   */
  prepare(raw: Raw): Promise<Prepared>;
  /**
   * Tensors of the rows of all examples, in order. The caller disposes them: `disposeBatch`.
   * @param positions that texts are padded to at least; by default to the longest of them.
   */
  batch(prepared: readonly Prepared[], positions?: number): Batch;
  /** An example that fits as it is and says nothing: to try the network with. */
  neutral(): Raw;
}

/** The numbers of all rows one after another. */
export function joinRows(prepared: readonly Prepared[]): Float32Array {
  const length = prepared.reduce((sum, { values }) => sum + values.length, 0);
  const joined = new Float32Array(length);
  let at = 0;
  for (const { values } of prepared) {
    if (!(values instanceof Float32Array)) throw new RangeError('these rows are not of numbers');
    joined.set(values, at);
    at += values.length;
  }
  return joined;
}

export function disposeBatch({ inputs }: Batch): void {
  if (isTensor(inputs)) inputs.dispose();
  else for (const tensor of Object.values(inputs)) tensor.dispose();
}

/** Under which name the mask is among the inputs; undefined where there is none. */
export function maskName({ inputs, mask }: Batch): string | undefined {
  if (mask === undefined || isTensor(inputs)) return undefined;
  return Object.entries(inputs).find(([, tensor]) => tensor === mask)?.[0];
}

function isTensor(inputs: NetworkInputs): inputs is Tensor {
  return typeof inputs.dispose === 'function';
}

/**
 * Cuts long examples so that no part has more than `limit` rows, and groups them in order so that no group has more.
 * The grouping depends on the counts of rows alone.
 */
export function groupRows(prepared: readonly Prepared[], limit: number): Prepared[][] {
  const groups: Prepared[][] = [];
  let group: Prepared[] = [];
  let room = limit;
  for (const example of prepared) {
    for (let from = 0; from < example.rows; ) {
      const count = Math.min(room, example.rows - from);
      group.push(sliceRows(example, from, from + count));
      from += count;
      room -= count;
      if (room > 0) continue;
      groups.push(group);
      group = [];
      room = limit;
    }
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

function sliceRows(example: Prepared, from: number, to: number): Prepared {
  const { values, shape, rows } = example;
  if (typeof values === 'string' || (from === 0 && to === rows)) return example;
  const size = shape.reduce((product, length) => product * length, 1);
  return { rows: to - from, shape, values: values.subarray(from * size, to * size) };
}

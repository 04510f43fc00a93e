/** The tensors of a BERT file by their authors' names, checked and turned into TensorFlow's layout. */
import { ZooError } from '../core/errors.js';
import type { Weight, Weights } from '../formats/weight.js';
import type { TopologyParameter } from './topology.js';

/** Prefixes under which task models keep their encoder. */
const PREFIXES = ['', 'bert.', 'distilbert.', 'model.', '0.auto_model.'];

export class BertParameters {
  readonly #weights: Weights;
  readonly #prefix: string;
  readonly #taken = new Map<string, TopologyParameter>();

  /** @throws ZooError `INTEGRITY` when no prefix leads to word embeddings. */
  constructor(weights: Weights) {
    const prefix = PREFIXES.find((one) => weights.has(`${one}embeddings.word_embeddings.weight`));
    if (prefix === undefined) {
      throw new ZooError('INTEGRITY', 'The weights are not those of a BERT encoder', {
        expected: 'embeddings.word_embeddings.weight, with or without "bert." or "distilbert." in front',
        found: [...weights.keys()].slice(0, 8).join(', '),
      });
    }
    this.#weights = weights;
    this.#prefix = prefix;
  }

  /** What was taken, in that order; names are those of the file. */
  get all(): readonly TopologyParameter[] {
    return [...this.#taken.values()];
  }

  /** True when the file has it: heads and poolers may be missing. */
  has(name: string): boolean {
    return this.#weights.has(this.#prefix + name);
  }

  /** Rows of `width` numbers. @returns the name of the parameter. */
  table(name: string, rows: number, width: number): string {
    const found = this.#find([`${name}.weight`], [rows, width]);
    return this.#take(found.name, found.weight);
  }

  /** A dense layer, [out, in] in the file and [in, out] here. @returns the names of kernel and bias. */
  dense(name: string, from: number, to: number): [string, string] {
    const kernel = this.#find([`${name}.weight`], [to, from]);
    const bias = this.#find([`${name}.bias`], [to]);
    return [this.#take(kernel.name, transposed(kernel.weight, to, from)), this.#take(bias.name, bias.weight)];
  }

  /** Layer normalisation; files that came from TensorFlow call its two vectors gamma and beta. @returns their names. */
  norm(name: string, width: number): [string, string] {
    const scale = this.#find([`${name}.weight`, `${name}.gamma`], [width]);
    const shift = this.#find([`${name}.bias`, `${name}.beta`], [width]);
    return [this.#take(scale.name, scale.weight), this.#take(shift.name, shift.weight)];
  }

  #find(names: readonly string[], shape: readonly number[]): { name: string; weight: Weight } {
    const wanted = names.map((name) => this.#prefix + name);
    const name = wanted.find((one) => this.#weights.has(one));
    const weight = name === undefined ? undefined : this.#weights.get(name);
    if (name === undefined || weight === undefined) {
      throw new ZooError('INTEGRITY', 'A tensor of the encoder is missing from the weights', {
        expected: wanted.join(' or '),
      });
    }
    const fits = weight.dtype === 'float32' && weight.shape.join() === shape.join();
    if (fits) return { name, weight };
    throw new ZooError('INTEGRITY', `${name} does not fit config.json`, {
      expected: `float32 [${shape.join(', ')}]`,
      found: `${weight.dtype} [${weight.shape.join(', ')}]`,
    });
  }

  #take(name: string, weight: Weight): string {
    this.#taken.set(name, { ...weight, name, trainable: true });
    return name;
  }
}

function transposed({ data }: Weight, rows: number, columns: number): Weight {
  const turned = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      turned[column * rows + row] = data[row * columns + column] ?? 0;
    }
  }
  return { shape: [columns, rows], dtype: 'float32', data: turned };
}

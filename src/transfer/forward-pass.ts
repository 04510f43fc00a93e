/** A network's forward pass up to one cut: as a native graph for many examples, operation by operation for few. */
import { ZooError } from '../core/errors.js';
import type { Network, NetworkInputs } from '../formats/network.js';
import { type NativeForward, nativeForward } from '../graph/native-forward.js';
import type { Modality } from '../registry/card-names.js';
import type { Tensor } from '../runtime/tensorflow.js';
import { type Batch, disposeBatch, type Preparer } from './prepare/preparer.js';

/**
 * Examples for which a graph is worth being made. On two cores making one takes 0.3 to 1.1 s (2 s where a network is
 * unrolled over time), and saves 4 to 30 ms a picture and about 1 ms a short text or a window of sound.
 */
const WORTH_A_GRAPH: Readonly<Record<Modality, number>> = { image: 128, audio: 512, text: 512 };

/**
 * Which way the examples of a data set go: true for the graph. Both ways give the same numbers but for rounding, and
 * "the same data give the same bytes" must hold. So all examples of a data set go the same way, and which one depends
 * only on how many they are: not on how many of them are cached or left to another machine, nor on what ran before.
 * @param examples of the whole data set.
 */
export function goesByGraph(modality: Modality, examples: number): boolean {
  return examples >= WORTH_A_GRAPH[modality];
}

export class ForwardPass {
  readonly #network: Network;
  readonly #cut: string;
  readonly #preparer: Preparer;
  /** What the graph was made of; undefined before, and after it was freed. */
  #weights: readonly object[] | undefined;
  #making: Promise<NativeForward | undefined> | undefined;
  #graph: NativeForward | undefined;

  /** @param preparer makes inputs that fit. The network stays the caller's, who disposes it after this. */
  constructor(network: Network, cut: string, preparer: Preparer) {
    this.#network = network;
    this.#cut = cut;
    this.#preparer = preparer;
  }

  /**
   * The graph is made when it is first needed. A network that can't become one (it takes strings, or waits for values)
   * goes operation by operation, however many examples there are.
   * @param examples of the data set that these inputs are a part of: see `goesByGraph`.
   * @returns what comes out at the cut, the caller's; undefined where the network gave nothing.
   */
  async run(inputs: NetworkInputs, examples: number): Promise<Tensor | undefined> {
    const graph = goesByGraph(this.#preparer.modality, examples) ? await this.#current() : undefined;
    const [output] = await (graph?.run(inputs) ?? this.#network.run(inputs, [this.#cut]));
    return output;
  }

  /** The graph of the weights of this moment: where they were replaced, another one. */
  #current(): Promise<NativeForward | undefined> {
    const weights = [...this.#network.parameters.values()].map(({ value }) => value.dataId);
    if (this.#making !== undefined && sameItems(this.#weights ?? [], weights)) return this.#making;
    this.dispose();
    this.#weights = weights;
    this.#making = this.#make(weights);
    return this.#making;
  }

  async #make(weights: readonly object[]): Promise<NativeForward | undefined> {
    const example = await this.#example();
    try {
      // Sizes that come early must not decide which way those go that come later.
      const options = { example: example?.inputs, otherSizes: 'network' } as const;
      const graph = await nativeForward(this.#network, [this.#cut], options);
      if (this.#weights === weights) this.#graph = graph;
      else graph?.dispose();
      return this.#graph;
    } catch (error) {
      if (error instanceof ZooError && error.code === 'NO_RUNTIME') return undefined;
      throw error;
    } finally {
      if (example !== undefined) disposeBatch(example);
    }
  }

  /** Texts have lengths of their own: none of them would be an example for the others. */
  async #example(): Promise<Batch | undefined> {
    const preparer = this.#preparer;
    if (preparer.modality === 'text') return undefined;
    return preparer.batch([await preparer.prepare(preparer.neutral())]);
  }

  /** Frees the graph. */
  dispose(): void {
    this.#graph?.dispose();
    this.#graph = undefined;
    this.#making = undefined;
    this.#weights = undefined;
  }
}

function sameItems(a: readonly object[], b: readonly object[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

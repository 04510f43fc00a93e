/** The forward pass of a network as native graphs, with the network itself for what they don't take. */
import { ZooError } from '../core/errors.js';
import type { Network, NetworkInputs } from '../formats/network.js';
import type { Tensor } from '../runtime/tensorflow.js';
import { CompiledForward } from './compile.js';
import { baseShapes, type InputShapes, inOrder, planSizes } from './open-sizes.js';
import { reasonOf } from './untraceable.js';

export interface NativeForwardOptions {
  /**
   * Inputs that the network takes, of any batch size: they say the sizes that it leaves open. Needed where it leaves
   * open more than the batch and the length of texts. They stay the caller's and are read at once.
   */
  readonly example?: NetworkInputs | undefined;
  /**
   * Sizes that the first graph does not take: `graph` makes one for each that comes again, and keeps a few; `network`
   * leaves them all to the network, so that what came before never decides how something is computed. Default `graph`.
   */
  readonly otherSizes?: 'graph' | 'network' | undefined;
  /** Where SavedModels lie for a moment; the system's folder for such by default. */
  readonly temporaryFolder?: string | undefined;
  /** Told in one sentence why there is no graph. */
  readonly onRefusal?: ((reason: string) => void) | undefined;
}

export interface NativeForward {
  readonly cuts: readonly string[];
  /** `all` where one graph takes every size that the network leaves open, `batch` where there is one for each other size. */
  readonly open: 'all' | 'batch';
  /**
   * As `Network.run` with these cuts, through a graph where there is one for these sizes.
   * @returns one tensor a cut, the caller's. @throws ZooError `DATA` for inputs that don't fit.
   */
  run(inputs: NetworkInputs): Promise<Tensor[]>;
  /** Frees the graphs; the network stays. */
  dispose(): void;
}

/** Graphs for fixed sizes that are kept at the same time. */
const MOST_GRAPHS = 4;
/** Sizes that are remembered to have come once. */
const MOST_REMEMBERED = 64;

/**
 * Traces a network's forward pass, folds what inference can fold, and opens it as a native graph. Its result was
 * compared with the network's at sizes that were not traced. The network must not be disposed before it; its weights
 * are those of this moment: after `assign` or `truncate`, make another one.
 * @param cuts as for `Network.forward`.
 * @returns undefined where the network can't become a graph: then use the network itself.
 * @throws ZooError `NOT_FOUND` for an unknown cut, `NO_RUNTIME`.
 */
export async function nativeForward(
  network: Network,
  cuts: readonly string[],
  options: NativeForwardOptions = {},
): Promise<NativeForward | undefined> {
  const { example, temporaryFolder, otherSizes, onRefusal } = options;
  const others = otherSizes !== 'network';
  try {
    const base = baseShapes(network.inputs, example);
    const compile = (shapes: InputShapes, open: 'all' | 'batch') =>
      CompiledForward.create(network, cuts, planSizes(network.inputs, shapes, open), temporaryFolder);
    try {
      return new GraphForward(network, cuts, 'all', compile(base, 'all'));
    } catch (error) {
      const more = network.inputs.some(({ shape }) => shape.some((size, axis) => axis > 0 && size === null));
      if (!more) throw error;
      return new GraphForward(network, cuts, 'batch', compile(base, 'batch'), others ? compile : undefined);
    }
  } catch (error) {
    if (error instanceof ZooError && (error.code === 'NOT_FOUND' || error.code === 'NO_RUNTIME')) throw error;
    onRefusal?.(reasonOf(error));
    return undefined;
  }
}

type Compile = (shapes: InputShapes, open: 'batch') => CompiledForward;

class GraphForward implements NativeForward {
  readonly #network: Network;
  readonly #compile: Compile | undefined;
  /** The one used last stands last. */
  readonly #graphs: CompiledForward[];
  /** Sizes that came once, or that no graph can be made for. */
  readonly #seen = new Set<string>();
  #disposed = false;

  constructor(
    network: Network,
    readonly cuts: readonly string[],
    readonly open: 'all' | 'batch',
    first: CompiledForward,
    /** Makes graphs for other sizes; without it they are left to the network. */
    compile?: Compile,
  ) {
    this.#network = network;
    this.#graphs = [first];
    this.#compile = compile;
  }

  async run(inputs: NetworkInputs): Promise<Tensor[]> {
    if (this.#disposed)
      throw new ZooError('USAGE', 'This native forward pass was disposed and can no longer be used');
    const graph = this.#graphFor(inputs);
    if (graph === undefined) return this.#network.run(inputs, this.cuts);
    return graph.run(inOrder(inputs, this.#network.inputs));
  }

  #graphFor(inputs: NetworkInputs): CompiledForward | undefined {
    const tensors = this.#fitting(inputs);
    if (tensors === undefined) return undefined;
    const known = this.#graphs.findIndex((graph) => graph.takes(tensors));
    if (known >= 0) {
      const [graph] = this.#graphs.splice(known, 1);
      if (graph !== undefined) this.#graphs.push(graph);
      return graph;
    }
    return this.#compile === undefined ? undefined : this.#anotherGraph(tensors, this.#compile);
  }

  /** A graph for sizes that came before: what comes only once is not worth one. */
  #anotherGraph(tensors: readonly Tensor[], compile: Compile): CompiledForward | undefined {
    const key = tensors.map(({ shape }) => shape.slice(1).join()).join(';');
    if (!this.#seen.delete(key)) {
      this.#remember(key);
      return undefined;
    }
    let graph: CompiledForward;
    try {
      graph = compile(
        tensors.map(({ shape }) => shape),
        'batch',
      );
    } catch {
      // The network itself says what is wrong with these sizes, if something is.
      return undefined;
    }
    this.#graphs.push(graph);
    if (this.#graphs.length > MOST_GRAPHS) this.#graphs.shift()?.dispose();
    return graph.takes(tensors) ? graph : undefined;
  }

  #remember(key: string): void {
    this.#seen.add(key);
    const [oldest] = this.#seen;
    if (this.#seen.size > MOST_REMEMBERED && oldest !== undefined) this.#seen.delete(oldest);
  }

  /** The inputs in order where they are what the network takes; else it is left to the network to refuse them. */
  #fitting(inputs: NetworkInputs): Tensor[] | undefined {
    const specs = this.#network.inputs;
    try {
      const tensors = inOrder(inputs, specs);
      return tensors.every(({ dtype }, index) => dtype === specs[index]?.dtype) ? tensors : undefined;
    } catch {
      return undefined;
    }
  }

  dispose(): void {
    this.#disposed = true;
    for (const graph of this.#graphs) graph.dispose();
    this.#graphs.length = 0;
  }
}

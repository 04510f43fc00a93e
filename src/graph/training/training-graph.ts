/**
 * From the traces of a step to the graph of a training session: trained weights, slots and running statistics are
 * variables, and signatures that share them fill, train and read them.
 */
import { tf } from '../../runtime/tensorflow.js';
import { addFloat, addUnpacked } from '../arithmetic.js';
import { addBiases } from '../bias-add.js';
import { dropReshapes } from '../drop-reshapes.js';
import { foldConstants } from '../fold-constants.js';
import { DT, type Edge, type Graph, type Port } from '../graph.js';
import { mergeTwins } from '../merge-twins.js';
import type { Signature } from '../saved-model.js';
import {
  addAssignment,
  addPlaceholder,
  addVariable,
  constantsToVariables,
  type Initialiser,
  readNode,
} from '../variables.js';
import { addClipping } from './clip.js';
import { type Boundary, cutFrozen, fromBoundary, signaturesFrom } from './freeze-boundary.js';
import { type InputParts, inputParts } from './input-parts.js';
import { addUpdate, betasOf, type Optimizer, slotNames } from './optimizer.js';
import {
  addReadVariables,
  addSlots,
  assigning,
  type NamedShape,
  type ReadVariable,
  type TrainedVariable,
} from './session-variables.js';
import { type StepMemory, stepMemory } from './step-memory.js';

/** Bytes from which on a weight that is not trained becomes a variable, which shares the network's memory. */
const VARIABLE_BYTES = 2 ** 14;

export interface TrainingGraphOptions {
  /** In the order of their gradients. */
  readonly trained: readonly NamedShape[];
  /** Running statistics that steps change. */
  readonly followed: readonly NamedShape[];
  readonly optimizer: Optimizer;
  readonly clipNorm: number | undefined;
  /** True where gradients of several runs are added before an update. */
  readonly accumulates: boolean;
}

/**
 * Signatures. `examples` are the inputs of the network, the targets and the seed; `update` the learning rates and, for
 * optimisers with betas, their powers: vectors with a number for each trained parameter.
 *
 * - `init`: values of the trained parameters and of the running statistics in. `restore`: slots in.
 * - `train`: examples, update in; loss out. `start`, `add`: examples, weight in; loss out; the gradients times the
 *   weight are kept, or added to those kept. `finish`: as `train` with the weight in behind the examples, for the sum
 *   of what was kept and its own.
 * - `gradients`: examples in; loss, gradients and running statistics after a step out. `predict`: inputs of the network
 *   in, predictions out.
 * - `weights`: as `init` takes them, `slots`: out.
 *
 * With a boundary also `frozen`: inputs of the network in, the boundary's tensors out; and each signature that takes
 * inputs of the network once more as `fromBoundary` names it, with those tensors in their place.
 */
export interface TrainingGraph {
  readonly graph: Graph;
  readonly signatures: Readonly<Record<string, Signature>>;
  /** Of weights that are not trained; the signature's name is `constants`. */
  readonly constants: Initialiser | undefined;
  readonly boundary: Boundary | undefined;
  /** Of a step. */
  readonly memory: StepMemory;
  /** Of one from the boundary. */
  readonly memoryFrom: StepMemory | undefined;
}

/**
 * @param graph what `makeGraph` made. It is changed.
 */
export function trainingGraph(graph: Graph, options: TrainingGraphOptions): TrainingGraph {
  // Predictions on running statistics are a pass of their own, which begins as the other one does.
  if (options.followed.length > 0) mergeTwins(graph);
  foldConstants(graph);
  dropReshapes(graph);
  addBiases(graph);
  const parts = inputParts(graph, options.trained.length, options.followed.length);
  const boundary = cutFrozen(graph, parts.inputs, [...parts.batch, ...parts.trained, ...parts.followed]);
  const constants = constantsToVariables(graph, VARIABLE_BYTES);
  const own = new Builder(graph, parts, options).signatures();
  const signatures = {
    ...own,
    ...(boundary === undefined ? {} : signaturesFrom(boundary, parts.inputs, own)),
  };
  const memoryOf = (name: string) => stepMemory(graph, signatureOf(signatures, name), variableBytes(options));
  const step = options.accumulates ? 'finish' : 'train';
  return {
    graph,
    constants,
    boundary,
    memory: memoryOf(step),
    memoryFrom: boundary && memoryOf(fromBoundary(step)),
    signatures: { ...signatures, ...(constants === undefined ? {} : { constants: constants.signature }) },
  };
}

function signatureOf(signatures: Readonly<Record<string, Signature>>, name: string): Signature {
  const signature = signatures[name];
  if (signature === undefined) throw new RangeError(`the training graph has no signature ${name}`);
  return signature;
}

/** Of what training holds between steps: weights, what the optimiser remembers, and sums of gradients. */
function variableBytes({ trained, followed, optimizer, accumulates }: TrainingGraphOptions): number {
  const bytesOf = (shapes: readonly NamedShape[]) =>
    4 * shapes.reduce((sum, { shape }) => sum + tf.util.sizeFromShape([...shape]), 0);
  const copies = 1 + slotNames(optimizer).length + (accumulates ? 1 : 0);
  return copies * bytesOf(trained) + bytesOf(followed);
}

class Builder {
  readonly #graph: Graph;
  readonly #options: TrainingGraphOptions;
  readonly #examples: readonly Port[];
  readonly #inputs: readonly Port[];
  readonly #loss: Edge;
  readonly #predictions: Edge;
  readonly #gradients: readonly Edge[];
  /** Running statistics after a step. */
  readonly #statistics: readonly Edge[];
  readonly #variables: readonly TrainedVariable[];
  readonly #followed: readonly ReadVariable[];
  /** Names of the nodes that let the running statistics follow. */
  readonly #follow: readonly string[];
  readonly #update: readonly Port[];
  readonly #rates: readonly Edge[];
  readonly #powers: readonly (readonly [Edge, Edge])[] | undefined;

  constructor(graph: Graph, parts: InputParts, options: TrainingGraphOptions) {
    this.#graph = graph;
    this.#options = options;
    const { trained, followed, optimizer } = options;
    const [loss, predictions, ...others] = graph.outputs.map(({ edge }) => edge);
    if (
      loss === undefined ||
      predictions === undefined ||
      others.length !== trained.length + followed.length
    ) {
      throw new RangeError('a training graph has a loss, predictions, and a gradient for each parameter');
    }
    this.#loss = loss;
    this.#predictions = predictions;
    this.#gradients = others.slice(0, trained.length);
    this.#statistics = others.slice(trained.length);
    this.#examples = [...parts.inputs, ...parts.batch];
    this.#inputs = parts.inputs;
    this.#variables = addReadVariables(graph, trained, parts.trained, [loss, ...others]).map((each) => ({
      ...each,
      slots: addSlots(graph, each, optimizer),
    }));
    this.#followed = addReadVariables(graph, followed, parts.followed, [loss, ...others]);
    this.#follow = this.#followed.map(({ variable, readers }, index) =>
      addAssignment(graph, variable, edgeAt(this.#statistics, index), 'AssignVariableOp', readers),
    );
    const vector = (label: string) => addPlaceholder(graph, label, DT.float32, [trained.length]);
    const numbers = (edge: Edge) => addUnpacked(graph, edge, trained.length);
    const rates = vector('Rates');
    this.#rates = numbers(rates);
    const update: Port[] = [{ name: 'rates', edge: rates }];
    if (betasOf(optimizer) !== undefined) {
      const [first, second] = [vector('Powers1'), vector('Powers2')];
      update.push({ name: 'powers1', edge: first }, { name: 'powers2', edge: second });
      const [powers1, powers2] = [numbers(first), numbers(second)];
      this.#powers = trained.map((_, index) => [edgeAt(powers1, index), edgeAt(powers2, index)]);
    }
    this.#update = update;
  }

  signatures(): Record<string, Signature> {
    const graph = this.#graph;
    const named = (variables: readonly NamedShape[], edges: readonly Edge[]) =>
      variables.map(({ name }, index) => ({ name, edge: edgeAt(edges, index) }));
    const loss = { name: 'loss', edge: this.#loss };
    const kept = [...this.#variables, ...this.#followed];
    const signatures: Record<string, Signature> = {
      init: assigning(graph, kept),
      train: {
        inputs: [...this.#examples, ...this.#update],
        outputs: [this.#lossAfter(this.#updates(this.#gradients))],
      },
      ...(this.#options.accumulates ? this.#accumulating() : {}),
      gradients: {
        inputs: this.#examples,
        outputs: [loss, ...named(kept, [...this.#gradients, ...this.#statistics])],
      },
      predict: { inputs: this.#inputs, outputs: [{ name: 'predictions', edge: this.#predictions }] },
      weights: {
        inputs: [],
        outputs: kept.map(({ name, read }) => ({ name, edge: read })),
      },
    };
    const slots = this.#variables.flatMap((each) => each.slots);
    if (slots.length > 0) {
      signatures.restore = assigning(graph, slots);
      const outputs = slots.map(({ name, variable, shape }) => ({
        name,
        edge: graph.add('Slot', readNode(variable, shape)),
      }));
      signatures.slots = { inputs: [], outputs };
    }
    graph.inputs = this.#inputs;
    graph.outputs = signatures.predict?.outputs ?? [];
    return signatures;
  }

  /** @returns names of the nodes that update. */
  #updates(gradients: readonly Edge[]): string[] {
    const { optimizer, clipNorm } = this.#options;
    const clipped = clipNorm === undefined ? gradients : addClipping(this.#graph, gradients, clipNorm);
    return this.#variables.map(({ name, shape, variable, read, slots, readers }, index) =>
      addUpdate(this.#graph, optimizer, {
        name,
        shape,
        variable,
        read,
        slots: slots.map((slot) => slot.variable),
        gradient: edgeAt(clipped, index),
        rate: edgeAt(this.#rates, index),
        powers: this.#powers?.[index],
        after: readers,
      }),
    );
  }

  #accumulating(): Record<'start' | 'add' | 'finish', Signature> {
    const graph = this.#graph;
    const weight = addPlaceholder(graph, 'Weight', DT.float32, []);
    const kept = this.#variables.map(({ name, shape }) => ({
      shape,
      variable: addVariable(graph, `sum/${name}`, shape),
    }));
    const weighted = kept.map(({ shape }, index) =>
      addFloat(graph, 'Mul', [edgeAt(this.#gradients, index), weight], shape),
    );
    const keep = (op: 'AssignVariableOp' | 'AssignAddVariableOp') =>
      kept.map(({ variable }, index) => addAssignment(graph, variable, edgeAt(weighted, index), op));
    const sums = kept.map(({ variable, shape }, index) => {
      const before = graph.add('Sum', readNode(variable, shape));
      return addFloat(graph, 'AddV2', [before, edgeAt(weighted, index)], shape);
    });
    const inputs = [...this.#examples, { name: 'weight', edge: weight }];
    return {
      start: { inputs, outputs: [this.#lossAfter(keep('AssignVariableOp'))] },
      add: { inputs, outputs: [this.#lossAfter(keep('AssignAddVariableOp'))] },
      finish: {
        inputs: [...inputs, ...this.#update],
        outputs: [this.#lossAfter(this.#updates(sums))],
      },
    };
  }

  /** @param changes names of nodes that run as well, with those that let the statistics follow. */
  #lossAfter(changes: readonly string[]): Port {
    const controls = [...changes, ...this.#follow];
    return { name: 'loss', edge: addFloat(this.#graph, 'Identity', [this.#loss], [], controls) };
  }
}

function edgeAt(edges: readonly Edge[], index: number): Edge {
  const edge = edges[index];
  if (edge === undefined) throw new RangeError(`there is no edge ${index}`);
  return edge;
}

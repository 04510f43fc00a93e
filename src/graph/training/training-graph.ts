/**
 * From the traces of a step to the graph of a training session: trained weights and slots are variables, and
 * signatures that share them fill, train and read them.
 */
import { addFloat, addUnpacked } from '../arithmetic.js';
import { addBiases } from '../bias-add.js';
import { dropReshapes } from '../drop-reshapes.js';
import { foldConstants } from '../fold-constants.js';
import { DT, type Edge, type Graph, type Port } from '../graph.js';
import type { Signature } from '../saved-model.js';
import {
  addAssignment,
  addCompletion,
  addPlaceholder,
  addVariable,
  constantsToVariables,
  type Initialiser,
  readNode,
} from '../variables.js';
import { addClipping } from './clip.js';
import { addUpdate, betasOf, type Optimizer, slotNames } from './optimizer.js';

/** Bytes from which on a weight that is not trained becomes a variable, which shares the network's memory. */
const VARIABLE_BYTES = 2 ** 14;

export interface TrainedShape {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface TrainingGraphOptions {
  /** In the order of their gradients. */
  readonly trained: readonly TrainedShape[];
  readonly optimizer: Optimizer;
  readonly clipNorm: number | undefined;
  /** True where gradients of several runs are added before an update. */
  readonly accumulates: boolean;
}

/**
 * Signatures. `examples` are the inputs of the network, the targets and the seed; `update` the learning rates and, for
 * optimisers with betas, their powers: vectors with a number for each trained parameter.
 *
 * - `init`: values of the trained parameters in. `restore`: slots in.
 * - `train`: examples, update in; loss out. `start`, `add`: examples, weight in; loss out; the gradients times the
 *   weight are kept, or added to those kept. `finish`: as `train` with the weight in behind the examples, for the sum
 *   of what was kept and its own.
 * - `gradients`: examples in; loss and gradients out. `predict`: inputs of the network in, predictions out.
 * - `weights`, `slots`: out.
 */
export interface TrainingGraph {
  readonly graph: Graph;
  readonly signatures: Readonly<Record<string, Signature>>;
  /** Of weights that are not trained; the signature's name is `constants`. */
  readonly constants: Initialiser | undefined;
}

/**
 * @param graph what `unify` made of traces of a step: its inputs end with the trained parameters, its outputs are loss,
 * predictions and gradients. It is changed.
 */
export function trainingGraph(graph: Graph, options: TrainingGraphOptions): TrainingGraph {
  foldConstants(graph);
  dropReshapes(graph);
  addBiases(graph);
  const constants = constantsToVariables(graph, VARIABLE_BYTES);
  const signatures = new Builder(graph, options).signatures();
  return {
    graph,
    constants,
    signatures: constants === undefined ? signatures : { ...signatures, constants: constants.signature },
  };
}

interface TrainedVariable {
  readonly name: string;
  readonly shape: readonly number[];
  readonly variable: Edge;
  readonly read: Edge;
  readonly slots: readonly { readonly name: string; readonly variable: Edge }[];
  /** Names of the nodes that read its old value for a step, its own reading among them. */
  readonly readers: readonly string[];
}

class Builder {
  readonly #graph: Graph;
  readonly #options: TrainingGraphOptions;
  readonly #examples: readonly Port[];
  readonly #inputs: readonly Port[];
  readonly #loss: Edge;
  readonly #predictions: Edge;
  readonly #gradients: readonly Edge[];
  readonly #variables: readonly TrainedVariable[];
  readonly #update: readonly Port[];
  readonly #rates: readonly Edge[];
  readonly #powers: readonly (readonly [Edge, Edge])[] | undefined;

  constructor(graph: Graph, options: TrainingGraphOptions) {
    this.#graph = graph;
    this.#options = options;
    const { trained, optimizer } = options;
    const [loss, predictions, ...gradients] = graph.outputs.map(({ edge }) => edge);
    if (loss === undefined || predictions === undefined || gradients.length !== trained.length) {
      throw new RangeError('a training graph has a loss, predictions and a gradient for each parameter');
    }
    this.#loss = loss;
    this.#predictions = predictions;
    this.#gradients = gradients;
    this.#examples = graph.inputs.slice(0, -trained.length);
    this.#inputs = this.#examples.slice(0, -2);
    const places = graph.inputs.slice(-trained.length).map(({ edge }) => edge.node);
    this.#variables = this.#addVariables(places);
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

  /** The placeholders of the trained parameters become reads of variables. */
  #addVariables(places: readonly string[]): TrainedVariable[] {
    const graph = this.#graph;
    const readers = graph.readers();
    const needed = graph.ancestors([this.#loss, ...this.#gradients]);
    return this.#options.trained.map(({ name, shape }, index) => {
      const node = places[index] ?? '';
      const variable = addVariable(graph, `weight/${name}`, shape);
      graph.replace(node, readNode(variable, shape));
      const slots = slotNames(this.#options.optimizer).map((slot) => ({
        name: `${name}/${slot}`,
        variable: addVariable(graph, `slot/${slot}/${name}`, shape),
      }));
      const reading = (readers.get(node) ?? []).map((reader) => reader.name);
      // An update waits for them, so that it need not copy what is still read.
      const own = [node, ...new Set(reading.filter((reader) => needed.has(reader)))];
      return { name, shape, variable, read: { node, output: 0 }, slots, readers: own };
    });
  }

  signatures(): Record<string, Signature> {
    const graph = this.#graph;
    const gradients = this.#options.trained.map(({ name }, index) => ({
      name,
      edge: edgeAt(this.#gradients, index),
    }));
    const loss = { name: 'loss', edge: this.#loss };
    const signatures: Record<string, Signature> = {
      init: this.#assign(this.#variables),
      train: {
        inputs: [...this.#examples, ...this.#update],
        outputs: [this.#lossAfter(this.#updates(this.#gradients))],
      },
      ...(this.#options.accumulates ? this.#accumulating() : {}),
      gradients: { inputs: this.#examples, outputs: [loss, ...gradients] },
      predict: { inputs: this.#inputs, outputs: [{ name: 'predictions', edge: this.#predictions }] },
      weights: {
        inputs: [],
        outputs: this.#variables.map(({ name, read }) => ({ name, edge: read })),
      },
    };
    const slots = this.#variables.flatMap((each) =>
      each.slots.map((slot) => ({ ...slot, shape: each.shape })),
    );
    if (slots.length > 0) {
      signatures.restore = this.#assign(slots);
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

  #assign(variables: readonly Pick<TrainedVariable, 'name' | 'shape' | 'variable'>[]): Signature {
    const graph = this.#graph;
    const inputs = variables.map(({ name, shape }) => ({
      name,
      edge: addPlaceholder(graph, 'Value', DT.float32, shape),
    }));
    const done = variables.map(({ variable }, index) =>
      addAssignment(graph, variable, inputs[index]?.edge ?? variable),
    );
    return { inputs, outputs: [addCompletion(graph, done)] };
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

  #lossAfter(controls: readonly string[]): Port {
    return { name: 'loss', edge: addFloat(this.#graph, 'Identity', [this.#loss], [], controls) };
  }
}

function edgeAt(edges: readonly Edge[], index: number): Edge {
  const edge = edges[index];
  if (edge === undefined) throw new RangeError(`there is no edge ${index}`);
  return edge;
}

/** A TensorFlow.js graph model as a network: every node is a cut, the constants are its parameters. */
import { ZooError } from '../../core/errors.js';
import type { Card } from '../../registry/card.js';
import { type NamedTensorMap, type Tensor, tf } from '../../runtime/tensorflow.js';
import { checkTensor } from '../match-inputs.js';
import type { LayerInfo, Network, NetworkInputs, Parameter, Shape, TensorSpec } from '../network.js';
import type { TfjsModel } from '../tfjs-model.js';
import { unknownParameter } from '../unknown-name.js';
import { constantShapes, type Described, describeNodes, observeNodes } from './describe-nodes.js';
import { Executor } from './executor.js';
import { type GraphDefinition, readGraph } from './graph-definition.js';
import { inferShapes, storedShape } from './node-shapes.js';
import { findCut, notComputed, type Plan, planRun } from './plan-run.js';
import { type Reach, reach } from './reach.js';
import { type GraphTensor, readSignature, type Signature, specOf } from './signature.js';
import { trainableConstants } from './trainable.js';

export class GraphNetwork implements Network {
  readonly format = 'tfjs-graph';
  readonly #model: TfjsModel;
  readonly #card: Card;
  #graph: GraphDefinition;
  #executor: Executor;
  #signature: Signature;
  #outputs: readonly GraphTensor[];
  #layers: readonly LayerInfo[] | undefined;
  #disposed = false;
  readonly #weights: Map<string, Tensor>;
  readonly #trainable: ReadonlySet<string>;
  readonly #parameters = new Map<string, Parameter>();

  /** @param weights by name; owned by the network from now on. */
  constructor(
    model: TfjsModel,
    graph: GraphDefinition,
    executor: Executor,
    weights: Map<string, Tensor>,
    card: Card,
  ) {
    this.#model = model;
    this.#card = card;
    this.#graph = graph;
    this.#executor = executor;
    this.#weights = weights;
    this.#signature = readSignature(graph, model.signature, storedShape, model.file.path);
    this.#trainable = trainableConstants(graph, weights);
    executor.setWeights(weights);
    const known = new Map<string, Shape>();
    inferShapes(graph, known, constantShapes(weights), card);
    this.#outputs = this.#signature.outputs.map((output) => ({
      ...output,
      shape: output.shape ?? known.get(output.name),
    }));
    for (const [name, { shape, dtype }] of weights) {
      this.#parameters.set(name, parameter(name, shape, dtype, this.#trainable.has(name), weights));
    }
  }

  get inputs(): readonly TensorSpec[] {
    return this.#signature.inputs.map(specOf);
  }

  get outputs(): readonly TensorSpec[] {
    return this.#outputs.map(specOf);
  }

  get parameters(): ReadonlyMap<string, Parameter> {
    return this.#parameters;
  }

  get synchronous(): boolean {
    const targets = this.#outputs.map(({ name }) => findCut(this.#graph, name).node.name);
    return reach(this.#graph, targets).dynamic === undefined;
  }

  /** Without the constants. The first look runs the network once or twice on zeros, to see the shapes. */
  get layers(): readonly LayerInfo[] {
    this.#layers ??= describeNodes(this.#described());
    return this.#layers;
  }

  /**
   * Values of any node may be given in place of inputs, by the node's name: nothing before it is computed then. So
   * the part behind an operation that only `run` can do can be trained.
   */
  forward(inputs: NetworkInputs, cuts?: readonly string[]): Tensor[] {
    const plan = this.#plan(inputs, cuts);
    const { dynamic } = plan.reach;
    if (dynamic === undefined) return this.#compute(plan);
    throw new ZooError(
      'DATA',
      `The network can't be run without waiting: it holds ${dynamic.op} (${dynamic.name})`,
      {
        expected: 'cuts and inputs with no control flow and no shapes that depend on data between them',
        found: plan.cuts.join(', '),
        hint: 'Use run, and give forward the values of a node behind it.',
      },
    );
  }

  async run(inputs: NetworkInputs, cuts?: readonly string[]): Promise<Tensor[]> {
    const plan = this.#plan(inputs, cuts);
    if (plan.reach.dynamic === undefined) return this.#compute(plan);
    // Outside the caller's tidy, which would free what is needed after the first wait.
    await undefined;
    let results: Tensor[];
    try {
      results = await this.#executor.executeAsync(plan.feeds, plan.cuts);
    } catch (cause) {
      throw notComputed(plan, cause);
    }
    return this.#own(results, plan.feeds);
  }

  #compute(plan: Plan): Tensor[] {
    try {
      return tf.tidy(() => {
        return this.#own(this.#executor.execute(plan.feeds, plan.cuts), plan.feeds);
      });
    } catch (cause) {
      throw notComputed(plan, cause);
    }
  }

  /** The caller disposes what it gets, so nothing in there may be a weight, an input or the same tensor twice. */
  #own(results: readonly Tensor[], feeds: NamedTensorMap): Tensor[] {
    const taken = new Set([...Object.values(feeds), ...this.#weights.values()].map((tensor) => tensor.id));
    return results.map((tensor) => {
      if (taken.has(tensor.id)) return tensor.clone();
      taken.add(tensor.id);
      return tensor;
    });
  }

  #plan(inputs: NetworkInputs, names?: readonly string[]): Plan {
    this.#requireAlive();
    const cuts = (names ?? this.#outputs.map(({ name }) => name)).map((name) => findCut(this.#graph, name));
    return planRun(this.#graph, this.#signature, inputs, cuts);
  }

  async observe(): Promise<void> {
    this.#requireAlive();
    const layers = await observeNodes(this.#described());
    if (layers !== undefined && !this.#disposed) this.#layers = layers;
  }

  #described(): Described {
    this.#requireAlive();
    const { inputs } = this.#signature;
    return { graph: this.#graph, executor: this.#executor, inputs, weights: this.#weights, card: this.#card };
  }

  assign(name: string, value: Tensor): void {
    this.#requireAlive();
    const known = this.#parameters.get(name);
    const old = this.#weights.get(name);
    if (known === undefined || old === undefined) throw unknownParameter(name, this.#parameters.keys());
    if (old === value) return;
    checkTensor(value, known);
    this.#weights.set(name, tf.keep(value));
    this.#executor.setWeights(this.#weights);
    old.dispose();
  }

  truncate(cuts: readonly string[]): readonly string[] {
    this.#requireAlive();
    const wanted = cuts.map((name) => findCut(this.#graph, name));
    const needed = reach(
      this.#graph,
      wanted.map(({ node }) => node.name),
    );
    const shapes = new Map(this.layers.map(({ name, shape }) => [name, shape]));
    const graph = partOf(this.#graph, needed, this.#model.file.path);
    const executor = Executor.create(this.#model, graph.raw);
    this.#executor.dispose();
    const freed: string[] = [];
    for (const [name, tensor] of this.#weights) {
      if (needed.constants.has(name) || executor.initializing.has(name)) continue;
      tensor.dispose();
      this.#weights.delete(name);
      this.#parameters.delete(name);
      freed.push(name);
    }
    executor.setWeights(this.#weights);
    this.#executor = executor;
    this.#graph = graph;
    this.#outputs = wanted.map(({ text, node }) => ({
      name: text,
      shape: shapes.get(node.name),
      dtype: this.#outputs.find(({ name }) => name === text)?.dtype ?? 'float32',
    }));
    this.#signature = {
      ...this.#signature,
      inputs: this.#signature.inputs.filter(({ name }) => needed.nodes.has(name)),
    };
    this.#layers = this.layers.filter(({ name }) => needed.nodes.has(name));
    return freed;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#executor.dispose();
    for (const tensor of this.#weights.values()) tensor.dispose();
    this.#weights.clear();
    this.#parameters.clear();
  }

  #requireAlive(): void {
    if (this.#disposed) throw new ZooError('USAGE', 'The network was disposed', { hint: 'Open it again.' });
  }
}

function parameter(
  name: string,
  shape: readonly number[],
  dtype: Parameter['dtype'],
  trainable: boolean,
  weights: ReadonlyMap<string, Tensor>,
): Parameter {
  return {
    name,
    shape,
    dtype,
    trainable,
    get value() {
      const value = weights.get(name);
      if (value === undefined) throw new ZooError('USAGE', `The parameter ${name} was freed`);
      return value;
    },
  };
}

/** The needed nodes and functions alone. */
function partOf({ raw }: GraphDefinition, needed: Reach, path: string): GraphDefinition {
  const functions = raw.library?.function ?? [];
  return readGraph(
    {
      ...raw,
      node: raw.node.filter(({ name }) => needed.nodes.has(name)),
      library: { function: functions.filter(({ signature }) => needed.functions.has(signature.name)) },
    },
    path,
  );
}

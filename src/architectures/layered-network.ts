/** Runs a topology: the `Network` of every format that holds weights only. */
import { ZooError } from '../core/errors.js';
import { matchInputs } from '../formats/match-inputs.js';
import type { LayerInfo, Network, NetworkInputs, Parameter, TensorSpec } from '../formats/network.js';
import { unknownParameter } from '../formats/unknown-name.js';
import { type Tensor, tf } from '../runtime/tensorflow.js';
import { resolveCut } from './cut-names.js';
import { HeldParameter } from './held-parameter.js';
import { type ForwardPlan, planForward } from './plan-forward.js';
import type { Layer, Topology } from './topology.js';

/**
 * Makes a network of a topology. Its parameters become tensors at once, so that the arrays of the file can be
 * collected; TensorFlow copies them when a layer first uses them.
 * @param format `format.name` of the card.
 * @throws ZooError `FAILED` when the topology contradicts itself.
 */
export function layeredNetwork(format: string, topology: Topology): Network {
  checkTopology(topology);
  return new LayeredNetwork(format, topology);
}

class LayeredNetwork implements Network {
  readonly synchronous = true;
  readonly inputs: readonly TensorSpec[];
  #layers: readonly Layer[];
  #outputs: readonly string[];
  readonly #parameters: Map<string, HeldParameter>;
  readonly #plans = new Map<string, ForwardPlan>();
  #disposed = false;

  constructor(
    readonly format: string,
    topology: Topology,
  ) {
    this.inputs = topology.inputs;
    this.#layers = topology.layers;
    this.#outputs = topology.outputs;
    this.#parameters = new Map(
      topology.parameters.map((parameter) => [parameter.name, new HeldParameter(parameter)]),
    );
  }

  get layers(): readonly LayerInfo[] {
    return this.#layers.map(({ name, kind, shape, parameters }) => ({
      name,
      kind,
      shape,
      parameters,
      cut: true,
    }));
  }

  get outputs(): readonly TensorSpec[] {
    return this.#outputs.map((name) => ({ name, shape: this.#layer(name).shape ?? [], dtype: 'float32' }));
  }

  get parameters(): ReadonlyMap<string, Parameter> {
    return this.#parameters;
  }

  async run(inputs: NetworkInputs, cuts?: readonly string[]): Promise<Tensor[]> {
    return this.forward(inputs, cuts);
  }

  forward(inputs: NetworkInputs, cuts: readonly string[] = this.#outputs): Tensor[] {
    this.#requireAlive();
    const plan = this.#plan(cuts);
    const values = new Map(Object.entries(matchInputs(inputs, this.inputs)));
    return tf.tidy(() => this.#compute(plan, values));
  }

  #compute(plan: ForwardPlan, values: Map<string, Tensor>): Tensor[] {
    // A gradient tape looks at intermediate values later; outside of one they go as soon as nobody reads them.
    const frees = tf.engine().state.gradientDepth === 0;
    for (const { layer, lastReadHere } of plan.steps) {
      const read = layer.inputs.map((name) => computedValue(values, name));
      const parameters = layer.parameters.map((name) => this.#parameter(name).value);
      const output = layer.apply(read, parameters);
      // A layer that hands on what it got would have it freed under its reader's hands.
      const handedOn = read.includes(output) || parameters.includes(output);
      values.set(layer.name, handedOn ? output.clone() : output);
      if (!frees) continue;
      for (const name of lastReadHere) values.get(name)?.dispose();
    }
    const given = new Set<Tensor>();
    return plan.cuts.map((name) => {
      const value = computedValue(values, name);
      const own = given.has(value) ? value.clone() : value;
      given.add(own);
      return own;
    });
  }

  assign(name: string, value: Tensor): void {
    this.#requireAlive();
    this.#parameter(name).replace(value);
  }

  truncate(cuts: readonly string[]): readonly string[] {
    this.#requireAlive();
    const { steps, cuts: names } = this.#plan(cuts);
    this.#layers = steps.map(({ layer }) => layer);
    this.#outputs = [...new Set(names)];
    this.#plans.clear();
    const kept = new Set(this.#layers.flatMap(({ parameters }) => parameters));
    const freed = [...this.#parameters.keys()].filter((name) => !kept.has(name));
    for (const name of freed) {
      this.#parameter(name).dispose();
      this.#parameters.delete(name);
    }
    return freed;
  }

  dispose(): void {
    this.#disposed = true;
    this.#plans.clear();
    for (const parameter of this.#parameters.values()) parameter.dispose();
    this.#parameters.clear();
  }

  #plan(cuts: readonly string[]): ForwardPlan {
    const key = JSON.stringify(cuts);
    let plan = this.#plans.get(key);
    if (plan === undefined) {
      plan = planForward(
        this.#layers,
        cuts.map((cut) => this.#layer(cut).name),
      );
      this.#plans.set(key, plan);
    }
    return plan;
  }

  #layer(name: string): Layer {
    return resolveCut(this.#layers, name);
  }

  #parameter(name: string): HeldParameter {
    const found = this.#parameters.get(name);
    if (found !== undefined) return found;
    throw unknownParameter(name, this.#parameters.keys());
  }

  #requireAlive(): void {
    if (this.#disposed) throw new ZooError('FAILED', 'This network was disposed and can no longer be used');
  }
}

function computedValue(values: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const value = values.get(name);
  if (value === undefined) throw new ZooError('FAILED', `Nothing computes ${name}`);
  return value;
}

/** Names that lead nowhere are faults of an architecture file, found here and not in the middle of a pass. */
function checkTopology({ inputs, outputs, layers, parameters }: Topology): void {
  const known = new Set(inputs.map(({ name }) => name));
  const weights = new Set(parameters.map(({ name }) => name));
  const fault = (what: string) => new ZooError('FAILED', `The topology contradicts itself: ${what}`);
  if (weights.size !== parameters.length) throw fault('two parameters have one name');
  for (const layer of layers) {
    if (known.has(layer.name)) throw fault(`two layers are called ${layer.name}`);
    const unread = layer.inputs.find((name) => !known.has(name));
    if (unread !== undefined) throw fault(`${layer.name} reads ${unread}, which is not before it`);
    const missing = layer.parameters.find((name) => !weights.has(name));
    if (missing !== undefined) throw fault(`${layer.name} uses ${missing}, which is no parameter`);
    known.add(layer.name);
  }
  for (const name of outputs) {
    const layer = layers.find((candidate) => candidate.name === name);
    if (layer?.shape === undefined) throw fault(`its output ${name} is no layer with a shape`);
  }
}

/** A TensorFlow.js layers model (Keras) as a network: every layer is a cut, its variables are the parameters. */
import { ZooError } from '../../core/errors.js';
import { type Tensor, tf } from '../../runtime/tensorflow.js';
import { checkTensor, matchInputs } from '../match-inputs.js';
import type { LayerInfo, Network, NetworkInputs, Parameter, TensorSpec } from '../network.js';
import { unknownCut, unknownParameter } from '../unknown-name.js';
import { allLayers, type Layer, type LayersModel, type LayerVariable } from './build-layers.js';
import { type CutPoint, findCutPoints, needs, type SymbolicTensor } from './cut-points.js';
import { completeNormalisation } from './whole-normalisation.js';

/** A part of the network that computes some cuts. */
interface Part {
  readonly model: LayersModel;
  readonly inputs: readonly TensorSpec[];
  /** For each cut, which of the model's outputs it is: two cuts may be one tensor. */
  readonly places: readonly number[];
}

/** Sets of cuts whose parts are kept; a part is a few objects and no numbers. */
const MAX_PARTS = 32;

export class LayersNetwork implements Network {
  readonly format = 'tfjs-layers';
  readonly #model: LayersModel;
  readonly #points: Map<string, CutPoint>;
  readonly #variables = new Map<string, LayerVariable>();
  readonly #parameters = new Map<string, Parameter>();
  readonly #parts = new Map<string, Part>();
  #inputs: readonly TensorSpec[];
  #outputs: readonly TensorSpec[];
  /** Cuts that stand for the network's outputs once it was truncated. */
  #cuts: readonly string[] | undefined;
  #layers: readonly LayerInfo[];
  /** Constants that layers needed and the file does not have. */
  readonly #constants: readonly Tensor[];
  #disposed = false;

  /** @param model with its weights; owned by the network from now on. */
  constructor(model: LayersModel) {
    this.#model = model;
    this.#points = findCutPoints(model);
    this.#layers = [...this.#points.values()].map(({ info }) => info);
    this.#inputs = model.inputs.map((tensor, index) =>
      specOf(model.inputNames[index] ?? tensor.name, tensor),
    );
    this.#outputs = model.outputs.map((tensor, index) =>
      specOf(model.outputNames[index] ?? tensor.name, tensor),
    );
    const trained = trainedVariables(model);
    this.#constants = completeNormalisation(allLayers(model.layers));
    for (const variable of model.weights) {
      this.#variables.set(variable.originalName, variable);
      this.#parameters.set(variable.originalName, parameter(variable, trained.has(variable)));
    }
  }

  get inputs(): readonly TensorSpec[] {
    return this.#inputs;
  }

  get outputs(): readonly TensorSpec[] {
    return this.#outputs;
  }

  get layers(): readonly LayerInfo[] {
    return this.#layers;
  }

  get parameters(): ReadonlyMap<string, Parameter> {
    return this.#parameters;
  }

  get synchronous(): boolean {
    return true;
  }

  async run(inputs: NetworkInputs, cuts?: readonly string[]): Promise<Tensor[]> {
    return this.forward(inputs, cuts);
  }

  forward(inputs: NetworkInputs, cuts?: readonly string[]): Tensor[] {
    this.#requireAlive();
    const { model, inputs: required, places } = this.#part(cuts ?? this.#cuts);
    const others = new Map(this.#inputs.map((input) => [input.name, input]));
    const single = inputs instanceof tf.Tensor && this.#inputs.length === 1;
    const given = matchInputs(inputs, single ? this.#inputs : required, others);
    const feeds = required.flatMap(({ name }) => given[name] ?? []);
    try {
      return tf.tidy(() => {
        // Without `training`, layers infer: batch normalisation on stored statistics, no dropout, no noise.
        const result = model.apply(feeds);
        const results = tensorsOf(result);
        return own(
          places.flatMap((place) => results[place] ?? []),
          feeds,
          this.#values(),
        );
      });
    } catch (cause) {
      if (cause instanceof ZooError) throw cause;
      const text = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
      throw new ZooError('DATA', 'The network can not be computed for these inputs', {
        expected: 'inputs that its layers can work on',
        found: `${feeds.map(({ shape }) => `[${shape.join(', ')}]`).join(', ')}: ${text.slice(0, 300)}`,
        cause,
      });
    }
  }

  #values(): Set<number> {
    return new Set([...this.#parameters.values()].map(({ value }) => value.id));
  }

  /** The part of the network that computes `cuts`, made at the first use. */
  #part(cuts: readonly string[] | undefined): Part {
    if (cuts === undefined) {
      const places = this.#model.outputs.map((_, index) => index);
      return { model: this.#model, inputs: this.#inputs, places };
    }
    const key = JSON.stringify(cuts);
    const known = this.#parts.get(key);
    if (known !== undefined) return known;
    const outputs = cuts.map((name) => this.#output(name));
    const needed = needs(outputs).tensors;
    const chosen = this.#model.inputs.flatMap((tensor, index) =>
      needed.has(tensor) ? [{ tensor, name: this.#model.inputNames[index] ?? tensor.name }] : [],
    );
    const unique = [...new Set(outputs)];
    const part = {
      model: tf.model({ inputs: chosen.map(({ tensor }) => tensor), outputs: unique }),
      places: outputs.map((output) => unique.indexOf(output)),
      inputs: chosen.map(({ tensor, name }) => specOf(name, tensor)),
    };
    const [oldest] = this.#parts.keys();
    if (oldest !== undefined && this.#parts.size >= MAX_PARTS) this.#parts.delete(oldest);
    this.#parts.set(key, part);
    return part;
  }

  #output(name: string): SymbolicTensor {
    const output = this.#points.get(name)?.output();
    if (output !== undefined) return output;
    throw unknownCut(
      name,
      this.#layers.filter(({ cut }) => cut).map((layer) => layer.name),
    );
  }

  assign(name: string, value: Tensor): void {
    this.#requireAlive();
    const known = this.#parameters.get(name);
    const variable = this.#variables.get(name);
    if (known === undefined || variable === undefined) throw unknownParameter(name, this.#parameters.keys());
    const old = variable.read();
    if (old === value) return;
    checkTensor(value, known);
    // `LayerVariable.write` copies the value; gradients need the very tensor where the layers read it.
    Reflect.set(variable, 'val', tf.keep(value));
    old.dispose();
  }

  truncate(cuts: readonly string[]): readonly string[] {
    this.#requireAlive();
    const part = this.#part(cuts);
    const outputs = cuts.map((name) => this.#output(name));
    const layers = new Set<Layer>(allLayers([...needs(outputs).layers]));
    const kept = new Set([...layers].flatMap((layer) => layer.weights));
    const freed: string[] = [];
    for (const [name, variable] of this.#variables) {
      if (kept.has(variable)) continue;
      variable.dispose();
      this.#variables.delete(name);
      this.#parameters.delete(name);
      freed.push(name);
    }
    for (const [name, { layer }] of this.#points) if (!layers.has(layer)) this.#points.delete(name);
    this.#parts.clear();
    this.#parts.set(JSON.stringify(cuts), part);
    this.#layers = this.#layers.filter(({ name }) => this.#points.has(name));
    this.#inputs = part.inputs;
    this.#outputs = outputs.map((tensor, index) => specOf(cuts[index] ?? tensor.name, tensor));
    this.#cuts = [...cuts];
    return freed;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const variable of this.#variables.values()) variable.dispose();
    tf.dispose([...this.#constants]);
    this.#variables.clear();
    this.#parameters.clear();
    this.#parts.clear();
  }

  #requireAlive(): void {
    if (this.#disposed) throw new ZooError('USAGE', 'The network was disposed', { hint: 'Open it again.' });
  }
}

function specOf(name: string, { shape, dtype }: SymbolicTensor): TensorSpec {
  return { name, shape, dtype };
}

/**
 * Variables that training may change: what a layer lists as trainable once it is not frozen. A file may say that
 * layers are frozen; that was its author's last training, not a property of the weights.
 */
function trainedVariables(model: LayersModel): Set<LayerVariable> {
  const layers = allLayers(model.layers);
  for (const layer of layers) layer.trainable = true;
  return new Set(layers.flatMap((layer) => layer.trainableWeights));
}

function parameter(variable: LayerVariable, trainable: boolean): Parameter {
  return {
    name: variable.originalName,
    shape: variable.shape.map((size) => size ?? 0),
    dtype: variable.dtype,
    trainable: trainable && variable.dtype === 'float32',
    get value() {
      return variable.read();
    },
  };
}

/** The caller disposes what it gets, so nothing in there may be a weight, an input or the same tensor twice. */
function own(results: readonly Tensor[], feeds: readonly Tensor[], weights: ReadonlySet<number>): Tensor[] {
  const taken = new Set([...feeds.map(({ id }) => id), ...weights]);
  return results.map((tensor) => {
    if (taken.has(tensor.id)) return tensor.clone();
    taken.add(tensor.id);
    return tensor;
  });
}

/** A model that is applied to tensors gives tensors. */
function tensorsOf(result: Tensor | SymbolicTensor | (Tensor | SymbolicTensor)[]): Tensor[] {
  const results = Array.isArray(result) ? result : [result];
  return results.filter((each): each is Tensor => each instanceof tf.Tensor);
}

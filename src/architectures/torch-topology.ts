/**
 * Builds a topology layer by layer from PyTorch's weights. Which weights are missing, left over or of another shape is
 * collected on the way and said at the end, all at once.
 */
import { ZooError } from '../core/errors.js';
import { shapeText } from '../formats/match-inputs.js';
import type { Shape, TensorSpec } from '../formats/network.js';
import type { Weight, WeightData, Weights } from '../formats/weight.js';
import type { Layer, Topology, TopologyParameter } from './topology.js';

/** What a layer gives: its name and its shape with the batch first. */
export interface Flow {
  readonly name: string;
  readonly shape: Shape;
}

export class TorchTopology {
  readonly #weights: Weights;
  readonly #architecture: string;
  readonly #inputs: TensorSpec[] = [];
  readonly #layers: Layer[] = [];
  readonly #parameters: TopologyParameter[] = [];
  readonly #used = new Set<string>();
  readonly #missing: string[] = [];
  readonly #misfits: string[] = [];

  /** @param architecture for messages. */
  constructor(weights: Weights, architecture: string) {
    this.#weights = weights;
    this.#architecture = architecture;
  }

  input(name: string, shape: Shape): Flow {
    this.#inputs.push({ name, shape, dtype: 'float32' });
    return { name, shape };
  }

  /** Adds a layer behind others. */
  layer(layer: Omit<Layer, 'inputs' | 'shape'>, inputs: readonly Flow[], shape: Shape): Flow {
    this.#layers.push({ ...layer, inputs: inputs.map(({ name }) => name), shape });
    return { name: layer.name, shape };
  }

  /** First dimension of a weight: the units of a layer. @param otherwise when it is not there, which is said later. */
  units(name: string, otherwise: number): number {
    return this.#weights.get(name)?.shape[0] ?? otherwise;
  }

  /**
   * Takes a weight of exactly this shape as a parameter of the same name.
   * @param convert brings it into TensorFlow's layout.
   */
  parameter(
    name: string,
    shape: readonly number[],
    convert: (weight: Weight) => Omit<Weight, 'dtype'> = ({ data }) => ({ shape, data }),
    trainable = true,
  ): string {
    const weight = this.#weights.get(name);
    this.#used.add(name);
    if (weight === undefined) {
      this.#missing.push(name);
    } else if (weight.dtype !== 'float32' || weight.shape.join() !== shape.join()) {
      const found = `${weight.dtype} ${shapeText(weight.shape)}`;
      this.#misfits.push(`${name} is ${found}, not float32 ${shapeText(shape)}`);
    } else {
      this.#parameters.push({ name, trainable, dtype: 'float32', ...convert(weight) });
    }
    return name;
  }

  /** Weights that serve training only may be there or not. */
  ignore(name: string): void {
    this.#used.add(name);
  }

  /** @throws ZooError `INTEGRITY` naming every weight that is missing, left over or of another shape or type. */
  finish(outputs: readonly Flow[]): Topology {
    const surplus = [...this.#weights.keys()].filter((name) => !this.#used.has(name));
    const problems = [
      ...(this.#missing.length > 0 ? [`missing: ${this.#missing.join(', ')}`] : []),
      ...(surplus.length > 0 ? [`left over: ${surplus.join(', ')}`] : []),
      ...this.#misfits,
    ];
    if (problems.length > 0) {
      throw new ZooError('INTEGRITY', `The weights are not those of ${this.#architecture}`, {
        expected: `${this.#used.size} weights of ${this.#architecture}`,
        found: problems.join('; '),
        hint: 'The card may name another architecture than the file holds.',
      });
    }
    return {
      inputs: this.#inputs,
      outputs: outputs.map(({ name }) => name),
      layers: this.#layers,
      parameters: this.#parameters,
    };
  }
}

/**
 * From [outputs, inputs, spatial …] as PyTorch stores kernels to [spatial …, inputs, outputs] as TensorFlow does:
 * OIHW to HWIO, and linear layers transposed. A depthwise kernel [C, 1, h, w] is given as C outputs of one input and
 * comes as [h, w, 1, C], whose numbers lie as those of [h, w, C, 1].
 */
export function outputsLast({ shape, data }: Pick<Weight, 'shape' | 'data'>): WeightData {
  const [outputs = 1, inputs = 1, ...rest] = shape;
  const spatial = rest.reduce((product, size) => product * size, 1);
  const result = new Float32Array(data.length);
  const row = inputs * spatial;
  let target = 0;
  for (let place = 0; place < spatial; place++) {
    for (let input = 0; input < inputs; input++) {
      let source = input * spatial + place;
      for (let output = 0; output < outputs; output++, source += row) result[target++] = data[source] ?? 0;
    }
  }
  return result;
}

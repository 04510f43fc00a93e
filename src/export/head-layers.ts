/** What comes behind the cut, as layers of Keras: pooling, the head and its activation. */
import { ZooError } from '../core/errors.js';
import type { Shape } from '../formats/network.js';
import type { Layer } from '../formats/tfjs-layers/build-layers.js';
import type { SymbolicTensor } from '../formats/tfjs-layers/cut-points.js';
import type { Weight } from '../formats/weight.js';
import { tf } from '../runtime/tensorflow.js';
import type { FittedHead } from '../transfer/heads/fitted-head.js';
import { denseOfMeans } from '../transfer/heads/nearest-mean.js';
import type { Tail } from './exportable.js';
import { kernelBehind, unitLengthLayers } from './unit-length-layers.js';

export interface HeadLayers {
  /** Of pooling and head; their weights are the caller's. */
  readonly layers: readonly Layer[];
  readonly scores: SymbolicTensor;
  /** Name of the layer whose output is the features. */
  readonly features: string;
}

/**
 * @param cut what the features are pooled from.
 * @param name in front of the names of all layers.
 * @throws ZooError `DATA` for what Keras has no layer for.
 */
export function headLayers(cut: SymbolicTensor, tail: Tail, name: string): HeadLayers {
  const layers: Layer[] = [];
  const then = (input: SymbolicTensor, layer: Layer): SymbolicTensor => {
    layers.push(layer);
    const output = layer.apply(input);
    if (output instanceof tf.SymbolicTensor) return output;
    throw new RangeError(`${layer.name} does not give one tensor`);
  };
  let flow = cut;
  for (const layer of poolingLayers(cut.shape, tail, name)) flow = then(flow, layer);
  const features = flow.sourceLayer.name;
  const isUnit = tail.fitted.head.scaling === 'unit-length';
  const scaling = isUnit ? unitLengthLayers(tail.width, name) : [];
  for (const [layer, weights] of [...scaling, ...denseLayers(tail.fitted, isUnit, name)]) {
    flow = then(flow, layer);
    tf.tidy(() => layer.setWeights(weights.map(({ data, shape }) => tf.tensor(data, [...shape]))));
  }
  return { layers, scores: flow, features };
}

function poolingLayers(shape: Shape, { pooling, mask }: Tail, name: string): Layer[] {
  const [, ...rest] = shape;
  const { layers } = tf;
  const pool = `${name}_pool`;
  if (rest.length === 1) return [];
  if (pooling === 'none') return [layers.flatten({ name: pool })];
  if (mask !== undefined) throw cannot('pooling over the tokens of a text');
  if (pooling === 'frames' && rest.length > 2) {
    const [frames] = rest;
    if (rest.length !== 3 || typeof frames !== 'number')
      throw cannot(`pooling over frames of [${shape.join(', ')}]`);
    const over = layers.averagePooling2d({ name: pool, poolSize: [frames, 1], strides: [frames, 1] });
    return [over, layers.flatten({ name: `${name}_flat` })];
  }
  const max = pooling === 'max';
  if (rest.length === 2)
    return [max ? layers.globalMaxPooling1d({ name: pool }) : layers.globalAveragePooling1d({ name: pool })];
  if (rest.length === 3) {
    const options = { name: pool, dataFormat: 'channelsLast' } as const;
    return [max ? layers.globalMaxPooling2d(options) : layers.globalAveragePooling2d(options)];
  }
  throw cannot(`${pooling} pooling over [${shape.join(', ')}]`);
}

/** Dense layers with their kernels and biases. @param isUnit behind `unitLengthLayers`. */
function denseLayers(
  { head, parameters: own }: FittedHead,
  isUnit: boolean,
  name: string,
): [Layer, Weight[]][] {
  const parameters = head.kind === 'nearest-mean' ? denseOfMeans(own) : own;
  const weight = (key: string): Weight => {
    const found = parameters.get(key);
    if (found === undefined) throw cannot(`a ${head.kind} head`);
    return found;
  };
  const first = (key: string) => (isUnit ? kernelBehind(weight(key)) : weight(key));
  const activation = head.activation === 'none' ? 'linear' : head.activation;
  const last = tf.layers.dense({ ...ZEROS, name, units: head.outputs, activation });
  const units = parameters.get('hidden/bias')?.shape[0];
  if (units === undefined) return [[last, [first('kernel'), weight('bias')]]];
  const hidden = tf.layers.dense({ ...ZEROS, name: `${name}_hidden`, units, activation: 'relu' });
  return [
    [hidden, [first('hidden/kernel'), weight('hidden/bias')]],
    [last, [weight('kernel'), weight('bias')]],
  ];
}

const ZEROS = { kernelInitializer: 'zeros', biasInitializer: 'zeros' } as const;

function cannot(what: string): ZooError {
  return new ZooError('DATA', `Keras has no layer for ${what}`, {
    expected:
      'a linear head, one with a hidden layer or the nearest mean, on features that are pooled or kept as they are',
    hint: 'Export it as tfjs-graph: that can say everything.',
  });
}

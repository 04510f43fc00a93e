/**
 * BatchNorm on the statistics of the batch, taken while a step runs, and the running statistics that follow them:
 * running · momentum + batch · (1 - momentum). The variance that is followed is that of Keras: the sum of squares is
 * divided by one less than the count for maps, by the count for rows.
 */
import type { Network } from '../../formats/network.js';
import { type Tensor, tf } from '../../runtime/tensorflow.js';
import { normaliseByBatch } from '../gradients/batch-normalisation.js';
import type { KernelCall, KernelRewrite } from './kernel-rewrites.js';
import { ParameterNames } from './parameter-names.js';

/** A BatchNorm, by the names of its running statistics. */
export interface NormalisationNames {
  readonly mean: string;
  readonly variance: string;
}

export interface BatchStatisticsOptions {
  /** Those that take the statistics of the batch; others take their running ones. */
  readonly normalisations: readonly NormalisationNames[];
  /** Part that running statistics keep at each step, from 0 to 1. */
  readonly momentum: number;
}

/** One for each traced pass; dispose it. */
export class BatchStatistics implements KernelRewrite {
  readonly #network: Network;
  readonly #options: BatchStatisticsOptions;
  readonly #names: ParameterNames;
  readonly #running = new Map<string, Tensor>();

  constructor(network: Network, options: BatchStatisticsOptions) {
    this.#network = network;
    this.#options = options;
    this.#names = new ParameterNames(network);
  }

  remember(call: KernelCall, result: Tensor): void {
    this.#names.remember(call, result);
  }

  replace({ name, inputs, attributes }: KernelCall): Tensor | undefined {
    if (name !== 'FusedBatchNorm' || inputs.x === undefined) return undefined;
    const mean = this.#names.of(inputs.mean);
    const names = this.#options.normalisations.find((each) => each.mean === mean);
    const channels = inputs.mean?.size ?? 0;
    if (names === undefined) return undefined;
    const { x } = inputs;
    const scale = inputs.scale ?? tf.ones([channels]);
    const offset = inputs.offset ?? tf.zeros([channels]);
    const normalised = normaliseByBatch(x, scale, offset, Number(attributes?.varianceEpsilon ?? 0.001));
    this.#follow(names.mean, normalised.mean);
    this.#follow(names.variance, isMap(x) ? normalised.variance : tf.moments(x, [0, 1, 2]).variance);
    tf.dispose([normalised.mean, normalised.variance]);
    return normalised.value;
  }

  /** One BatchNorm may be used several times: each follows on the one before. */
  #follow(name: string, batch: Tensor): void {
    const { momentum } = this.#options;
    const old = this.running(name);
    const followed = tf.keep(tf.add(tf.mul(old, momentum), tf.mul(batch, 1 - momentum)));
    this.#running.get(name)?.dispose();
    this.#running.set(name, followed);
  }

  /** The running statistic of this name after the pass. */
  running(name: string): Tensor {
    const value = this.#running.get(name) ?? this.#network.parameters.get(name)?.value;
    if (value === undefined) throw new RangeError(`there is no statistic ${name}`);
    return value;
  }

  dispose(): void {
    tf.dispose([...this.#running.values()]);
    this.#running.clear();
  }
}

/** TensorFlow.js gives rows to the kernel as one example that is 1 high or more. */
function isMap({ shape: [batch = 0] }: Tensor): boolean {
  return batch > 1;
}

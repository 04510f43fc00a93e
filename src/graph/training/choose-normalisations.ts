/** Which BatchNorms of a network take the statistics of the batch when some of its parameters are trained. */
import type { Network } from '../../formats/network.js';
import { tf } from '../../runtime/tensorflow.js';
import type { NormalisationNames } from './batch-statistics.js';
import { type KernelCall, type KernelRewrite, rewritingKernels } from './kernel-rewrites.js';
import { ParameterNames } from './parameter-names.js';
import type { NamedInputs } from './step.js';

interface Found extends NormalisationNames {
  /** Names of scale and offset, as far as there are any. */
  readonly affine: readonly string[];
}

/**
 * Those whose scale or offset is trained; of those that have neither, those behind the first layer that is trained.
 * Statistics that are no parameters, are trained themselves, or are not one number a channel, stay as they are.
 */
export function chooseNormalisations(
  network: Network,
  inputs: NamedInputs,
  cut: string,
  trained: readonly string[],
): NormalisationNames[] {
  const finder = new Finder(network);
  tf.tidy(() => rewritingKernels([finder], () => void network.forward(inputs, [cut])));
  const places = placesOf(network);
  const first = Math.min(...trained.map((name) => places.get(name) ?? Number.POSITIVE_INFINITY));
  return [...finder.found.values()].filter(({ mean, variance, affine }) => {
    if (trained.includes(mean) || trained.includes(variance)) return false;
    if (affine.length > 0) return affine.some((name) => trained.includes(name));
    return (places.get(mean) ?? -1) > first;
  });
}

/** By parameter, the position of the first layer that has it. */
function placesOf({ layers }: Network): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  layers.forEach(({ parameters }, index) => {
    for (const name of parameters) if (!places.has(name)) places.set(name, index);
  });
  return places;
}

/** Sees the BatchNorms of a pass and changes nothing. */
class Finder implements KernelRewrite {
  readonly found = new Map<string, Found>();
  readonly #names: ParameterNames;
  readonly #network: Network;

  constructor(network: Network) {
    this.#network = network;
    this.#names = new ParameterNames(network);
  }

  replace({ name, inputs }: KernelCall): undefined {
    const mean = this.#statistic(inputs.mean);
    const variance = this.#statistic(inputs.variance);
    if (name !== 'FusedBatchNorm' || mean === undefined || variance === undefined) return;
    if (inputs.mean?.rank !== 1) return;
    const affine = [inputs.scale, inputs.offset].flatMap((tensor) => this.#names.of(tensor) ?? []);
    this.found.set(mean, { mean, variance, affine });
  }

  #statistic(tensor: KernelCall['inputs'][string] | undefined): string | undefined {
    const name = this.#names.of(tensor);
    const parameter = name === undefined ? undefined : this.#network.parameters.get(name);
    return parameter?.dtype === 'float32' ? name : undefined;
  }

  remember(call: KernelCall, result: Parameters<KernelRewrite['remember']>[1]): void {
    this.#names.remember(call, result);
  }
}

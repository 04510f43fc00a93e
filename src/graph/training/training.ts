/** A training that goes on from step to step, as its users see it. */
import type { NetworkInputs } from '../../formats/network.js';
import type { Tensor } from '../../runtime/tensorflow.js';
import type { Slots } from './slots.js';

export interface StepOptions {
  /** Seed of dropout, from 0 to 2³¹ - 1; the number of the step by default. */
  readonly seed?: number | undefined;
}

export interface NativeTraining {
  /** Sizes that may be others than the example's. */
  readonly open: 'batch' | 'all';
  /**
   * One update by the gradients of a batch.
   * @param inputs as for `Network.run`, any number of examples. @param targets as many of them.
   * @returns the loss before the update, with dropout where the loss has any.
   * @throws ZooError `DATA` for inputs that don't fit, `USAGE` after `dispose`. A step that throws changes nothing,
   * unless memory runs out in the midst of it.
   */
  step(inputs: NetworkInputs, targets: Tensor, learningRate: number, options?: StepOptions): Promise<number>;
  /** With the weights of this moment, without dropout. @returns the caller's. */
  predict(inputs: NetworkInputs): Promise<Tensor>;
  /** Trained parameters of network and head, by name. The caller's; later steps don't change them. */
  weights(): Promise<ReadonlyMap<string, Tensor>>;
  /** What the optimiser remembers, by name of the parameter. The caller's. */
  slots(): Promise<Slots>;
  /**
   * Goes on from other weights. They stay the caller's.
   * @param weights by name; parameters that are not among them stay.
   * @param slots those of parameters that are not among them begin anew.
   * @throws ZooError `DATA` for unknown names and other shapes; nothing is changed then.
   */
  load(weights: ReadonlyMap<string, Tensor>, slots?: Slots): Promise<void>;
  /** Frees the session; the network stays. */
  dispose(): void;
}

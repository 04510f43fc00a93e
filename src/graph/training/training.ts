/** A training that goes on from step to step, as its users see it. */
import type { NetworkInputs } from '../../formats/network.js';
import type { Tensor } from '../../runtime/tensorflow.js';
import type { Slots } from './slots.js';
import type { StepMemory } from './step-memory.js';

export interface StepOptions {
  /** Seed of dropout, from 0 to 2³¹ - 1; the number of the step by default. */
  readonly seed?: number | undefined;
}

/** One of the tensors that lie between the part of a network that never changes and the part that trains. */
export interface BoundaryTensor {
  /** Sizes of one example: without the batch, which is the first axis. */
  readonly shape: readonly number[];
  readonly dtype: Tensor['dtype'];
  /** Of one example. */
  readonly bytes: number;
}

export interface NativeTraining {
  /** Names of what steps change: trained parameters of network and head, and statistics that follow. */
  readonly changing: readonly string[];
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
  /**
   * What `step` takes at its peak, beside the network. Examples are those that go through the network together: where
   * a batch is trained in parts (`accumulate`), those of one part. They are as large as those that training was
   * prepared with: texts of twice as many words take at least twice as much.
   */
  readonly memory: StepMemory;
  /** With the weights of this moment, without dropout. @returns the caller's. */
  predict(inputs: NetworkInputs): Promise<Tensor>;
  /**
   * What examples come to where the trained part begins. It stays the same while the training lasts, so it need be
   * computed only once for each example. Undefined where nothing worth computing stays the same, or where it can't be
   * cut into examples; `frozen`, `stepFrom` and `predictFrom` throw `USAGE` then.
   */
  readonly boundary: readonly BoundaryTensor[] | undefined;
  /**
   * @param inputs as for `Network.run`, any number of examples.
   * @returns a tensor for each of `boundary`, with a row for each example. The caller's.
   * @throws ZooError `DATA` for inputs that don't fit.
   */
  frozen(inputs: NetworkInputs): Promise<Tensor[]>;
  /**
   * As `step`, without computing what stays the same.
   * @param frozen what `frozen` gave; its rows may be put together anew, in every tensor alike.
   * @throws ZooError `DATA` for tensors that don't fit.
   */
  stepFrom(
    frozen: readonly Tensor[],
    targets: Tensor,
    learningRate: number,
    options?: StepOptions,
  ): Promise<number>;
  /** What `stepFrom` takes, the tensors that it is given included; undefined without a boundary. */
  readonly memoryFrom: StepMemory | undefined;
  /** As `predict`, of what `frozen` gave. @returns the caller's. */
  predictFrom(frozen: readonly Tensor[]): Promise<Tensor>;
  /**
   * Trained parameters of network and head, by name, and with normalisation by the batch the statistics that followed.
   * The caller's; later steps don't change them.
   */
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

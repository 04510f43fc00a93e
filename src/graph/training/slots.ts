/** What an optimiser remembers between steps, by the name of the parameter. */
import type { Tensor } from '../../runtime/tensorflow.js';

export interface ParameterSlots {
  /** Updates that the parameter has had. */
  readonly steps: number;
  /** By name of the slot: `momentum` of SGD, `m` and `v` of Adam and AdamW. Of the parameter's shape. */
  readonly tensors: Readonly<Record<string, Tensor>>;
}

export type Slots = ReadonlyMap<string, ParameterSlots>;

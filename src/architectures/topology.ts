/**
 * How an architecture is written down here: its layers in order, each with the layers it reads and the parameters it
 * uses. `layeredNetwork` makes a `Network` of it.
 */
import type { Shape, TensorSpec } from '../formats/network.js';
import type { Weight } from '../formats/weight.js';
import type { Tensor } from '../runtime/tensorflow.js';

export interface Layer {
  /** As in the authors' code: `features.18.0`, `encoder.layer.0.attention.self`. */
  readonly name: string;
  /** Conv2D, BatchNormalization, Dense, LSTM … */
  readonly kind: string;
  /** Names of layers before it, or of the network's inputs. */
  readonly inputs: readonly string[];
  /** Names of its parameters; `apply` gets their values in this order. */
  readonly parameters: readonly string[];
  readonly shape?: Shape;
  /** Inference mode, differentiable, without side effects; called inside a tidy. */
  apply(inputs: readonly Tensor[], parameters: readonly Tensor[]): Tensor;
}

/** A parameter in TensorFlow's layout (HWIO, [in, out]). */
export interface TopologyParameter extends Weight {
  readonly name: string;
  readonly trainable: boolean;
}

export interface Topology {
  readonly inputs: readonly TensorSpec[];
  /** Names of layers. */
  readonly outputs: readonly string[];
  readonly layers: readonly Layer[];
  readonly parameters: readonly TopologyParameter[];
}

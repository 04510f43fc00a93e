/**
 * A network: a loaded pretrained model in memory. Nothing above this room knows which format it came from.
 * Tensors are channels-last (NHWC) whatever the file's own layout is.
 */
import type { DataType, Tensor } from '../runtime/tensorflow.js';

/** null is any size. */
export type Shape = readonly (number | null)[];

export interface TensorSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DataType;
}

/** One layer, or one node of a graph, in the order of the forward pass. */
export interface LayerInfo {
  readonly name: string;
  /** Class of the layer or operation of the node: Conv2D, BatchNormalization, MatMul … */
  readonly kind: string;
  /** Output shape with the batch first; undefined where only running it tells. */
  readonly shape: Shape | undefined;
  /** Names of its parameters in `Network.parameters`. */
  readonly parameters: readonly string[];
  /** True where its output can be asked for by `run`. */
  readonly cut: boolean;
}

/** Weights by which the network was trained, or statistics and constants that come with them. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DataType;
  /** False for running statistics, constants and integers: training never changes them. */
  readonly trainable: boolean;
  /** The live value: owned by the network, never to be disposed by others. */
  readonly value: Tensor;
}

/** A tensor for a network with one input, else tensors by input name. */
export type NetworkInputs = Tensor | Readonly<Record<string, Tensor>>;

export interface Network {
  /** `format.name` of the card. */
  readonly format: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly layers: readonly LayerInfo[];
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** False where the graph holds operations that only `run` can do (control flow, strings). */
  readonly synchronous: boolean;
  /**
   * Forward pass in inference mode (BatchNorm on its stored statistics, no dropout).
   * @param cuts names of layers or nodes whose outputs are wanted; the network's outputs by default.
   * @returns one tensor a cut, owned by the caller.
   * @throws ZooError `DATA` for inputs that don't fit, `NOT_FOUND` for an unknown cut with the nearest names.
   */
  run(inputs: NetworkInputs, cuts?: readonly string[]): Promise<Tensor[]>;
  /** The same without waiting, for gradient tapes. @throws ZooError `DATA` also when not `synchronous`. */
  forward(inputs: NetworkInputs, cuts?: readonly string[]): Tensor[];
  /** Puts another value (tensor or variable) in place of a parameter, taking ownership of it and freeing the old one. */
  assign(name: string, value: Tensor): void;
  /** Drops what is not needed to compute `cuts`: layers and parameters behind them are freed. Returns the names of the freed parameters. */
  truncate(cuts: readonly string[]): readonly string[];
  /**
   * Fills in shapes of `layers` that only a run with waiting tells; left out where there are none such. Not done at
   * opening, as a graph with control flow decides by itself how long it runs.
   */
  observe?(): Promise<void>;
  dispose(): void;
}

/** What an architecture is before anything was learnt: its layers for some size of pictures, and how they are trained. */
import type { LayersModel } from '../../formats/tfjs-layers/build-layers.js';

export interface PictureShape {
  /** Height and width in pixels. */
  readonly size: number;
  /** 1 for grey, 3 for RGB. */
  readonly channels: 1 | 3;
}

/** A dense layer with ReLU between body and output. */
export interface HiddenLayer {
  readonly layer: string;
  readonly units: number;
  /** Share of its units that is dropped while training. */
  readonly dropout: number;
}

/** Layers by their names. Body: up to where the dense layers begin; head: those. */
export interface UntrainedNetwork {
  /**
   * Pictures to probabilities of the classes (softmax). Kernels and biases are 0, see `drawInitialValues`; normalisation
   * changes nothing yet. The caller's.
   */
  readonly model: LayersModel;
  /** Last layer of the body. */
  readonly body: string;
  /** Share of what the body gives that is dropped while training. */
  readonly bodyDropout: number;
  /** It has BatchNorms, which take the statistics of each batch while it is trained. */
  readonly batchStatistics: boolean;
  readonly hidden: HiddenLayer | undefined;
  readonly output: string;
  /** The layer in front of the output: what it gives are the network's features. */
  readonly features: string;
  /** Other layers worth cutting at, the latest first. */
  readonly alternatives: readonly string[];
}

export interface Architecture {
  readonly name: string;
  /** For cards and help. */
  readonly title: string;
  /** Smallest side of pictures that it can take, in pixels. */
  readonly smallest: number;
  /** @param classes at least 2. */
  build(shape: PictureShape, classes: number): UntrainedNetwork;
}

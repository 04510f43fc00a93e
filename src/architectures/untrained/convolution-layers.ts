/** Layers of networks with batch normalisation, as Keras's networks have them: padded to the same size, kernels of 0. */
import type { Layer } from '../../formats/tfjs-layers/build-layers.js';
import { tf } from '../../runtime/tensorflow.js';

export interface ConvolutionOptions {
  /** Side of the kernel. */
  readonly kernel: number;
  /** Default 1. */
  readonly stride?: number | undefined;
  /** Default true. */
  readonly bias?: boolean | undefined;
}

export function convolution(
  name: string,
  filters: number,
  { kernel, stride = 1, bias = true }: ConvolutionOptions,
): Layer {
  return tf.layers.conv2d({
    name,
    filters,
    kernelSize: kernel,
    strides: stride,
    padding: 'same',
    useBias: bias,
    kernelInitializer: 'zeros',
  });
}

/** A kernel of 3 x 3 for each channel, without bias. */
export function depthwise(name: string, stride: number): Layer {
  return tf.layers.depthwiseConv2d({
    name,
    kernelSize: 3,
    strides: stride,
    padding: 'same',
    useBias: false,
    depthwiseInitializer: 'zeros',
  });
}

/** Over the channels, with scale and offset; epsilon is Keras's 0.001. */
export function normalisation(name: string): Layer {
  return tf.layers.batchNormalization({ name, epsilon: 1e-3 });
}

export function relu(name: string): Layer {
  return tf.layers.activation({ name, activation: 'relu' });
}

/** ReLU that ends at 6. */
export function relu6(name: string): Layer {
  return tf.layers.reLU({ name, maxValue: 6 });
}

export function sum(name: string): Layer {
  return tf.layers.add({ name });
}

/** The mean over all positions of a map. */
export function average(name: string): Layer {
  return tf.layers.globalAveragePooling2d({ name, dataFormat: 'channelsLast' });
}

/** @param rate share of the units. It changes nothing but in training. */
export function dropout(name: string, rate: number): Layer {
  return tf.layers.dropout({ name, rate });
}

/** Probabilities of classes. */
export function probabilities(name: string, classes: number): Layer {
  return tf.layers.dense({ name, units: classes, activation: 'softmax', kernelInitializer: 'zeros' });
}

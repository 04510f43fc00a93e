/**
 * The small convolutional network of Keras's examples mnist_cnn and mnist_transfer_cnn: two convolutions of 3 x 3, a
 * pooling, and two dense layers.
 */
import { tf } from '../../runtime/tensorflow.js';
import { chain, layered } from './layered.js';
import type { Architecture, UntrainedNetwork } from './untrained.js';

const FILTERS = 32;
const KERNEL = 3;
const UNITS = 128;
const BODY_DROPOUT = 0.25;
const HIDDEN_DROPOUT = 0.5;

export const convnet: Architecture = {
  name: 'convnet',
  title: 'Convnet: 2 convolutions of 32 filters, 2 dense layers',
  // Two convolutions take 4 pixels, and the pooling needs 2.
  smallest: 6,
  build: ({ size, channels }, classes): UntrainedNetwork => {
    const { conv2d, activation, maxPooling2d, dropout, flatten, dense } = tf.layers;
    const relu = (name: string) => activation({ name, activation: 'relu' });
    const convolution = (name: string) =>
      conv2d({ name, filters: FILTERS, kernelSize: KERNEL, kernelInitializer: 'zeros' });
    const model = layered('convnet', [size, size, channels], (input) =>
      chain(
        input,
        convolution('conv1'),
        relu('relu1'),
        convolution('conv2'),
        relu('relu2'),
        maxPooling2d({ name: 'pool', poolSize: 2 }),
        dropout({ name: 'dropout1', rate: BODY_DROPOUT }),
        flatten({ name: 'flatten' }),
        dense({ name: 'hidden', units: UNITS, kernelInitializer: 'zeros' }),
        relu('relu3'),
        dropout({ name: 'dropout2', rate: HIDDEN_DROPOUT }),
        dense({ name: 'output', units: classes, activation: 'softmax', kernelInitializer: 'zeros' }),
      ),
    );
    return {
      model,
      body: 'flatten',
      bodyDropout: BODY_DROPOUT,
      batchStatistics: false,
      hidden: { layer: 'hidden', units: UNITS, dropout: HIDDEN_DROPOUT },
      output: 'output',
      features: 'relu3',
      alternatives: ['flatten', 'pool', 'relu2', 'relu1'],
    };
  },
};

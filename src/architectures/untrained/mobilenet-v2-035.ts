/**
 * MobileNetV2 with 0.35 times its channels, layer by layer that of Keras (`keras.applications.MobileNetV2`, alpha 0.35)
 * and with its names. Padding to the same size is what its padding layers come to, for even sizes and odd ones.
 */

import type { SymbolicTensor } from '../../formats/tfjs-layers/cut-points.js';
import { LAST_CHANNELS, STAGES, STEM_CHANNELS } from '../mobilenet-v2-stages.js';
import {
  average,
  convolution,
  depthwise,
  dropout,
  normalisation,
  probabilities,
  relu6,
  sum,
} from './convolution-layers.js';
import { applied, chain, layered } from './layered.js';
import type { Architecture, UntrainedNetwork } from './untrained.js';

const WIDTH = 0.35;
/** As in the paper's own code and torchvision. */
const DROPOUT = 0.2;

export const mobilenetV2035: Architecture = {
  name: 'mobilenet-v2-035',
  title: 'MobileNetV2 of width 0.35: 17 blocks with inverted residuals',
  // Five strides leave one position of it.
  smallest: 32,
  build: ({ size, channels }, classes): UntrainedNetwork => {
    const model = layered('mobilenet-v2-035', [size, size, channels], (input) => {
      const stem = chain(
        input,
        convolution('Conv1', scaled(STEM_CHANNELS), { kernel: 3, stride: 2, bias: false }),
        normalisation('bn_Conv1'),
        relu6('Conv1_relu'),
      );
      const map = chain(
        blocks().reduce(invertedResidual, stem),
        convolution('Conv_1', LAST_CHANNELS, { kernel: 1, bias: false }),
        normalisation('Conv_1_bn'),
        relu6('out_relu'),
      );
      return chain(
        map,
        average('global_average_pooling2d'),
        // For those who train it on in TensorFlow.js; it changes no answer.
        dropout('dropout', DROPOUT),
        probabilities('predictions', classes),
      );
    });
    return {
      model,
      body: 'global_average_pooling2d',
      bodyDropout: DROPOUT,
      batchStatistics: true,
      hidden: undefined,
      output: 'predictions',
      features: 'global_average_pooling2d',
      alternatives: ['out_relu', 'block_15_add', 'block_12_add', 'block_5_add'],
    };
  },
};

interface Block {
  readonly index: number;
  readonly expansion: number;
  readonly units: number;
  readonly stride: number;
}

function blocks(): Block[] {
  return STAGES.flatMap(([expansion, channels, count, firstStride]) =>
    Array.from({ length: count }, (_, place) => ({
      expansion,
      units: scaled(channels),
      stride: place === 0 ? firstStride : 1,
    })),
  ).map((block, index) => ({ ...block, index }));
}

/** Widens, filters each channel, narrows; and adds what came in where that has the same shape. */
function invertedResidual(input: SymbolicTensor, { index, expansion, units, stride }: Block): SymbolicTensor {
  const name = index === 0 ? 'expanded_conv' : `block_${index}`;
  const channels = input.shape.at(-1) ?? 0;
  const expanded =
    expansion === 1
      ? input
      : chain(
          input,
          convolution(`${name}_expand`, channels * expansion, { kernel: 1, bias: false }),
          normalisation(`${name}_expand_BN`),
          relu6(`${name}_expand_relu`),
        );
  const narrowed = chain(
    expanded,
    depthwise(`${name}_depthwise`, stride),
    normalisation(`${name}_depthwise_BN`),
    relu6(`${name}_depthwise_relu`),
    convolution(`${name}_project`, units, { kernel: 1, bias: false }),
    normalisation(`${name}_project_BN`),
  );
  const adds = stride === 1 && channels === units;
  return adds ? applied(sum(`${name}_add`), input, narrowed) : narrowed;
}

/** To a multiple of 8 that is not smaller by more than a tenth, as Keras and the paper's code do it. */
function scaled(channels: number): number {
  const wanted = channels * WIDTH;
  const rounded = Math.max(8, Math.floor((wanted + 4) / 8) * 8);
  return rounded < 0.9 * wanted ? rounded + 8 : rounded;
}

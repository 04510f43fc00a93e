/**
 * The residual network of MLPerf Tiny's image classification (`resnet_v1_eembc`): a convolution and three blocks of two,
 * with 16, 32 and 64 channels. With 32 x 32 colour pictures and 10 classes it has the layers of the published one.
 */
import type { SymbolicTensor } from '../../formats/tfjs-layers/cut-points.js';
import { average, convolution, normalisation, probabilities, relu, sum } from './convolution-layers.js';
import { applied, chain, layered } from './layered.js';
import type { Architecture, UntrainedNetwork } from './untrained.js';

const STEM_CHANNELS = 16;
/** Channels of each block and stride of its first convolution. */
const STAGES = [
  { channels: 16, stride: 1 },
  { channels: 32, stride: 2 },
  { channels: 64, stride: 2 },
] as const;

interface Stage {
  readonly channels: number;
  readonly stride: number;
}

export const resnet8: Architecture = {
  name: 'resnet8',
  title: 'ResNet8: 3 residual blocks of 16, 32 and 64 channels',
  // Two strides leave 2 x 2 positions of it.
  smallest: 8,
  build: ({ size, channels }, classes): UntrainedNetwork => {
    const model = layered('resnet8', [size, size, channels], (input) => {
      const stem = chain(
        input,
        convolution('stem_conv', STEM_CHANNELS, { kernel: 3 }),
        normalisation('stem_norm'),
        relu('stem_relu'),
      );
      const map = STAGES.reduce((flow, stage, index) => residual(`stage${index + 1}`, flow, stage), stem);
      return chain(map, average('pool'), probabilities('output', classes));
    });
    return {
      model,
      body: 'pool',
      bodyDropout: 0,
      batchStatistics: true,
      hidden: undefined,
      output: 'output',
      features: 'pool',
      alternatives: ['stage3_relu', 'stage2_relu', 'stage1_relu'],
    };
  },
};

/** The shortcut has a convolution of its own where the shape changes, without normalisation. */
function residual(name: string, input: SymbolicTensor, { channels, stride }: Stage): SymbolicTensor {
  const convolved = chain(
    input,
    convolution(`${name}_conv1`, channels, { kernel: 3, stride }),
    normalisation(`${name}_norm1`),
    relu(`${name}_relu1`),
    convolution(`${name}_conv2`, channels, { kernel: 3 }),
    normalisation(`${name}_norm2`),
  );
  const shortcut =
    stride === 1 ? input : chain(input, convolution(`${name}_shortcut`, channels, { kernel: 1, stride }));
  return applied(relu(`${name}_relu`), applied(sum(`${name}_sum`), shortcut, convolved));
}

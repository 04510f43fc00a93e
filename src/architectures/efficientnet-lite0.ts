/**
 * EfficientNet-Lite0 as converted for PyTorch (package efficientnet-lite-pytorch 0.1.0): the padding of TensorFlow,
 * batch norm epsilon 1e-3, ReLU6, no squeeze-and-excitation. Layers are named as its modules; the activation behind
 * `_bn1`, which has no name there, is `_bn1.relu6`.
 */
import type { Shape } from '../formats/network.js';
import type { Weights } from '../formats/weight.js';
import type { Topology } from './topology.js';
import {
  add,
  batchNormalization,
  convolution,
  dense,
  depthwiseConvolution,
  globalAveragePooling,
  relu6,
} from './torch-layers.js';
import { type Flow, TorchTopology } from './torch-topology.js';

const EPSILON = 1e-3;

/** Blocks, kernel, stride of the first block, expansion, channels. */
const STAGES = [
  [1, 3, 1, 1, 16],
  [2, 3, 2, 6, 24],
  [2, 5, 2, 6, 40],
  [3, 3, 2, 6, 80],
  [3, 5, 1, 6, 112],
  [4, 5, 2, 6, 192],
  [1, 3, 1, 6, 320],
] as const;
const STEM_CHANNELS = 32;
const HEAD_CHANNELS = 1280;
const IMAGENET_CLASSES = 1000;

/**
 * @param input [batch, height, width, 3].
 * @returns a topology whose output is the logits of `_fc`.
 * @throws ZooError `INTEGRITY` for other weights, naming what does not fit.
 */
export function efficientnetLite0(weights: Weights, input: Shape): Topology {
  const net = new TorchTopology(weights, 'EfficientNet-Lite0');
  const image = net.input('input', input);
  const stem = convolution(net, '_conv_stem', image, STEM_CHANNELS, {
    kernel: 3,
    stride: 2,
    padding: 'same',
  });
  let flow = activated(net, '_bn0', stem);
  let block = 0;
  for (const [count, kernel, firstStride, expansion, units] of STAGES) {
    for (let index = 0; index < count; index++, block++) {
      const stride = index === 0 ? firstStride : 1;
      flow = invertedResidual(net, `_blocks.${block}`, flow, { kernel, stride, expansion, units });
    }
  }
  const head = convolution(net, '_conv_head', flow, HEAD_CHANNELS, { kernel: 1, padding: 'same' });
  const pooled = globalAveragePooling(net, '_avg_pooling', activated(net, '_bn1', head));
  return net.finish([dense(net, '_fc', pooled, net.units('_fc.weight', IMAGENET_CLASSES))]);
}

function activated(net: TorchTopology, name: string, convolved: Flow): Flow {
  return relu6(net, `${name}.relu6`, batchNormalization(net, name, convolved, EPSILON));
}

interface BlockOptions {
  readonly kernel: number;
  readonly stride: number;
  readonly expansion: number;
  readonly units: number;
}

/** Widens, filters each channel, narrows; and adds what came in where that has the same shape. */
function invertedResidual(
  net: TorchTopology,
  name: string,
  input: Flow,
  { kernel, stride, expansion, units }: BlockOptions,
): Flow {
  const inputs = input.shape.at(-1) ?? 0;
  let flow = input;
  if (expansion !== 1) {
    const widened = inputs * expansion;
    const expanded = convolution(net, `${name}._expand_conv`, flow, widened, { kernel: 1, padding: 'same' });
    flow = activated(net, `${name}._bn0`, expanded);
  }
  const options = { kernel, stride, padding: 'same' } as const;
  const filtered = depthwiseConvolution(net, `${name}._depthwise_conv`, flow, options);
  flow = activated(net, `${name}._bn1`, filtered);
  const narrowed = convolution(net, `${name}._project_conv`, flow, units, { kernel: 1, padding: 'same' });
  flow = batchNormalization(net, `${name}._bn2`, narrowed, EPSILON);
  return stride === 1 && inputs === units ? add(net, `${name}.add`, input, flow) : flow;
}

/**
 * ResNets as torchvision builds them (`torchvision/models/resnet.py`): symmetric padding, batch norm epsilon 1e-5, and in
 * bottlenecks the stride at the 3 × 3 convolution. Layers are named as its modules; the several uses of a block's one
 * ReLU are `relu`, `relu_1`, `relu_2`, as torchvision's feature extraction calls them.
 */
import type { Shape } from '../formats/network.js';
import type { Weights } from '../formats/weight.js';
import type { Topology } from './topology.js';
import {
  add,
  batchNormalization,
  convolution,
  dense,
  globalAveragePooling,
  maxPooling,
  relu,
} from './torch-layers.js';
import { type Flow, TorchTopology } from './torch-topology.js';

const EPSILON = 1e-5;
const STEM_CHANNELS = 64;
const IMAGENET_CLASSES = 1000;

/** Blocks in each of the four stages (table 1 of the paper), and which kind they are. */
const DEPTHS = {
  18: { blocks: [2, 2, 2, 2], block: basicBlock },
  34: { blocks: [3, 4, 6, 3], block: basicBlock },
  50: { blocks: [3, 4, 6, 3], block: bottleneck },
  101: { blocks: [3, 4, 23, 3], block: bottleneck },
  152: { blocks: [3, 8, 36, 3], block: bottleneck },
} as const;

export type ResNetDepth = keyof typeof DEPTHS;

/** The depth that a text such as `50` says; undefined for one that torchvision does not have. */
export function resnetDepth(text: string): ResNetDepth | undefined {
  const depths: ResNetDepth[] = [18, 34, 50, 101, 152];
  return depths.find((depth) => String(depth) === text);
}

/**
 * @param input [batch, height, width, 3].
 * @returns a topology whose output is the logits of `fc`.
 * @throws ZooError `INTEGRITY` for other weights, naming what does not fit.
 */
export function resnet(weights: Weights, input: Shape, depth: ResNetDepth): Topology {
  const net = new TorchTopology(weights, `ResNet${depth} (torchvision)`);
  const image = net.input('input', input);
  const stem = convolution(net, 'conv1', image, STEM_CHANNELS, { kernel: 7, stride: 2, padding: 3 });
  let flow = relu(net, 'relu', batchNormalization(net, 'bn1', stem, EPSILON));
  flow = maxPooling(net, 'maxpool', flow, { kernel: 3, stride: 2, padding: 1 });
  const { blocks, block } = DEPTHS[depth];
  for (const [stage, count] of blocks.entries()) {
    for (let index = 0; index < count; index++) {
      const stride = index === 0 && stage > 0 ? 2 : 1;
      flow = block(net, `layer${stage + 1}.${index}`, flow, STEM_CHANNELS * 2 ** stage, stride);
    }
  }
  const pooled = globalAveragePooling(net, 'avgpool', flow);
  return net.finish([dense(net, 'fc', pooled, net.units('fc.weight', IMAGENET_CLASSES))]);
}

/** Two 3 × 3 convolutions. */
function basicBlock(net: TorchTopology, name: string, input: Flow, width: number, stride: number): Flow {
  const first = convolution(net, `${name}.conv1`, input, width, { kernel: 3, stride, padding: 1 });
  const flow = relu(net, `${name}.relu`, batchNormalization(net, `${name}.bn1`, first, EPSILON));
  const second = convolution(net, `${name}.conv2`, flow, width, { kernel: 3, padding: 1 });
  const normalised = batchNormalization(net, `${name}.bn2`, second, EPSILON);
  return relu(net, `${name}.relu_1`, joined(net, name, input, normalised, stride));
}

/** 1 × 1, 3 × 3 and 1 × 1 convolutions, the last four times as wide. */
function bottleneck(net: TorchTopology, name: string, input: Flow, width: number, stride: number): Flow {
  const first = convolution(net, `${name}.conv1`, input, width, { kernel: 1, padding: 0 });
  let flow = relu(net, `${name}.relu`, batchNormalization(net, `${name}.bn1`, first, EPSILON));
  const second = convolution(net, `${name}.conv2`, flow, width, { kernel: 3, stride, padding: 1 });
  flow = relu(net, `${name}.relu_1`, batchNormalization(net, `${name}.bn2`, second, EPSILON));
  const third = convolution(net, `${name}.conv3`, flow, 4 * width, { kernel: 1, padding: 0 });
  const normalised = batchNormalization(net, `${name}.bn3`, third, EPSILON);
  return relu(net, `${name}.relu_2`, joined(net, name, input, normalised, stride));
}

/** The sum of a block's way and its short cut, which is a convolution where the shape changes. */
function joined(net: TorchTopology, name: string, input: Flow, flow: Flow, stride: number): Flow {
  const units = flow.shape.at(-1) ?? 0;
  if (stride === 1 && input.shape.at(-1) === units) return add(net, `${name}.add`, flow, input);
  const reduced = convolution(net, `${name}.downsample.0`, input, units, { kernel: 1, stride, padding: 0 });
  return add(net, `${name}.add`, flow, batchNormalization(net, `${name}.downsample.1`, reduced, EPSILON));
}

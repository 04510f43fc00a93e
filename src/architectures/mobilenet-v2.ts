/**
 * MobileNetV2 as torchvision builds it (`torchvision/models/mobilenetv2.py`): symmetric padding, batch norm epsilon
 * 1e-5, ReLU6. Layers are named as its modules; the sum at the end of a block is `features.3.add`.
 */
import type { Shape } from '../formats/network.js';
import type { Weights } from '../formats/weight.js';
import { LAST_CHANNELS, STAGES, STEM_CHANNELS } from './mobilenet-v2-stages.js';
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

const EPSILON = 1e-5;

const IMAGENET_CLASSES = 1000;

/**
 * @param input [batch, height, width, 3].
 * @returns a topology whose output is the logits of `classifier.1`.
 * @throws ZooError `INTEGRITY` for other weights, naming what does not fit.
 */
export function mobilenetV2(weights: Weights, input: Shape): Topology {
  const net = new TorchTopology(weights, 'MobileNetV2 1.0 (torchvision)');
  const image = net.input('input', input);
  const stem = convolution(net, 'features.0.0', image, STEM_CHANNELS, { kernel: 3, stride: 2, padding: 1 });
  let flow = activated(net, 'features.0', stem);
  let block = 1;
  for (const [expansion, units, count, firstStride] of STAGES) {
    for (let index = 0; index < count; index++, block++) {
      const stride = index === 0 ? firstStride : 1;
      flow = invertedResidual(net, `features.${block}`, flow, { expansion, units, stride });
    }
  }
  const last = convolution(net, `features.${block}.0`, flow, LAST_CHANNELS, { kernel: 1, padding: 0 });
  const pooled = globalAveragePooling(net, 'adaptive_avg_pool2d', activated(net, `features.${block}`, last));
  const classes = net.units('classifier.1.weight', IMAGENET_CLASSES);
  return net.finish([dense(net, 'classifier.1', pooled, classes)]);
}

/** What follows the convolution in torchvision's `Conv2dNormActivation`. */
function activated(net: TorchTopology, name: string, convolved: Flow): Flow {
  return relu6(net, `${name}.2`, batchNormalization(net, `${name}.1`, convolved, EPSILON));
}

interface BlockOptions {
  readonly expansion: number;
  readonly units: number;
  readonly stride: number;
}

/** Widens, filters each channel, narrows; and adds what came in where that has the same shape. */
function invertedResidual(
  net: TorchTopology,
  name: string,
  input: Flow,
  { expansion, units, stride }: BlockOptions,
): Flow {
  const inputs = input.shape.at(-1) ?? 0;
  let flow = input;
  let place = 0;
  if (expansion !== 1) {
    const expand = `${name}.conv.${place++}`;
    const expanded = convolution(net, `${expand}.0`, flow, inputs * expansion, { kernel: 1, padding: 0 });
    flow = activated(net, expand, expanded);
  }
  const filter = `${name}.conv.${place++}`;
  const filtered = depthwiseConvolution(net, `${filter}.0`, flow, { kernel: 3, stride, padding: 1 });
  flow = activated(net, filter, filtered);
  const narrowed = convolution(net, `${name}.conv.${place++}`, flow, units, { kernel: 1, padding: 0 });
  flow = batchNormalization(net, `${name}.conv.${place}`, narrowed, EPSILON);
  return stride === 1 && inputs === units ? add(net, `${name}.add`, input, flow) : flow;
}

/** From weights alone to a network: the card says which architecture they belong to. */
import { ZooError } from '../core/errors.js';
import type { Network, Shape } from '../formats/network.js';
import type { Weights } from '../formats/weight.js';
import type { Card } from '../registry/card.js';
import { layeredNetwork } from './layered-network.js';
import type { Topology } from './topology.js';

export interface BuildOptions {
  /**
   * Height and width of pictures, null for any, where the architecture takes other sizes than the one it was trained
   * on; the card's by default.
   */
  readonly imageSize?: readonly [height: number | null, width: number | null];
}

interface Architecture {
  /** What cards write under `architecture`. */
  readonly pattern: RegExp;
  /** For messages. */
  readonly example: string;
  /** The file of an architecture is loaded when a network of it is built. */
  build(weights: Weights, input: Shape, match: RegExpExecArray): Promise<Topology>;
}

const ARCHITECTURES: readonly Architecture[] = [
  {
    pattern: /^MobileNetV2 1\.0 \(torchvision\)/,
    example: 'MobileNetV2 1.0 (torchvision)',
    build: async (weights, input) => (await import('./mobilenet-v2.js')).mobilenetV2(weights, input),
  },
  {
    pattern: /^ResNet-?(18|34|50|101|152)\b.*\(torchvision\)/,
    example: 'ResNet50 (torchvision)',
    async build(weights, input, [, text = '']) {
      const { resnet, resnetDepth } = await import('./resnet.js');
      return resnet(weights, input, resnetDepth(text) ?? 50);
    },
  },
  {
    pattern: /^EfficientNet-Lite0\b/,
    example: 'EfficientNet-Lite0',
    build: async (weights, input) =>
      (await import('./efficientnet-lite0.js')).efficientnetLite0(weights, input),
  },
  {
    pattern: /^3-layer LSTM\(256\) and a dense layer, GE2E/,
    example: '3-layer LSTM(256) and a dense layer, GE2E',
    build: async (weights, input) => (await import('./voice-encoder.js')).voiceEncoder(weights, input),
  },
];

/**
 * Builds the network of a card from its weights, in the layout of PyTorch. The caller disposes it.
 * @throws ZooError `DATA` for an architecture that is not known here, or a card that lacks its input's shape;
 * `INTEGRITY` for weights that don't fit the architecture, naming them all; `NO_RUNTIME`.
 */
export async function buildNetwork(
  card: Card,
  weights: Weights,
  options: BuildOptions = {},
): Promise<Network> {
  const text = card.architecture ?? '';
  for (const { pattern, build } of ARCHITECTURES) {
    const match = pattern.exec(text);
    if (match !== null) {
      return layeredNetwork(card.format.name, await build(weights, inputShape(card, options), match));
    }
  }
  throw new ZooError('DATA', `${card.name} is of an architecture that can't be built from weights alone`, {
    expected: ARCHITECTURES.map(({ example }) => example).join('; '),
    found: text === '' ? 'a card without an architecture' : text,
    hint: 'Networks in formats that hold their own topology (tfjs-graph, tfjs-layers) need none.',
  });
}

/** Channels last, whatever the card's layout is. */
function inputShape({ name, input }: Card, { imageSize }: BuildOptions): Shape {
  const shape = input?.shape;
  if (input === undefined || shape === undefined) {
    throw new ZooError('DATA', `The card of ${name} does not say what shape its input has`);
  }
  if (input.modality !== 'image') return shape;
  const [batch = null, a = null, b = null, c = null] = shape;
  const [height, width, channels] = input.layout === 'NCHW' ? [b, c, a] : [a, b, c];
  return [batch, ...(imageSize ?? [height, width]), channels];
}

/** The card of a network that was trained from scratch. */
import type {
  Architecture,
  PictureShape,
  UntrainedNetwork,
} from '../../architectures/untrained/untrained.js';
import { sha256 } from '../../core/digest.js';
import type { Network } from '../../formats/network.js';
import { canonicalJson } from '../../registry/canonical-card.js';
import type { Card, CardFile } from '../../registry/card.js';
import type { CardInput } from '../../registry/card-input.js';
import { checkCard } from '../../registry/parse-card.js';

/** What is known of a network before it has a name and files. */
export interface NetworkFacts {
  readonly architecture: Architecture;
  readonly shape: PictureShape;
  readonly labels: readonly string[];
  readonly untrained: UntrainedNetwork;
  /** The same as a network. */
  readonly network: Network;
}

export interface NetworkCardChoices {
  readonly name: string;
  /** SPDX expression; `NONE` where nothing was said. */
  readonly license: string;
  /** ISO date. */
  readonly published: string;
  /** A name for people of what it learnt from. */
  readonly origin: string;
  readonly examples: number;
}

/** Where nothing was said: nobody but who trained it may pass the weights on. */
export const NO_LICENSE = 'NONE';

/** Pixels of 0 to 255 become 0 to 1, squeezed to a square. */
export function pictureInput({ size, channels }: PictureShape): CardInput & { modality: 'image' } {
  return {
    modality: 'image',
    shape: [null, size, size, channels],
    dtype: 'float32',
    layout: 'NHWC',
    colourOrder: channels === 1 ? 'grey' : 'RGB',
    range: [0, 1],
    resize: { to: [size, size], method: 'bilinear' },
  };
}

/** What a network says of itself while it is only in memory. */
export function unsavedCard(facts: NetworkFacts): Card {
  const { name } = facts.architecture;
  const choices = { name, license: NO_LICENSE, published: '1970-01-01', origin: 'memory', examples: 1 };
  return { ...contentOf(facts, choices), version: '0.0.0', files: [] };
}

/**
 * The version is made of what the card says, the files' sha256 among it: a network that is trained again is another
 * version, and adapted models find the one that they were made from.
 * @throws ZooError `INVALID_CARD` for a bad name or date.
 */
export function networkCard(
  facts: NetworkFacts,
  files: readonly CardFile[],
  choices: NetworkCardChoices,
): Card {
  const content = { ...contentOf(facts, choices), files };
  const version = `1.0.0-t${sha256(canonicalJson(content)).slice(0, 8)}`;
  return checkCard({ ...content, version }, choices.name);
}

function contentOf(
  facts: NetworkFacts,
  { name, license, published, origin, examples }: NetworkCardChoices,
): Omit<Card, 'version' | 'files'> {
  const { architecture, labels, untrained, shape, network } = facts;
  return {
    kind: 'model',
    name,
    modality: 'image',
    task: 'image-classification',
    summary: `${architecture.title}, trained from scratch on ${origin.slice(0, 200)} for ${labels.length} labels.`,
    architecture: architecture.title,
    format: { name: 'tfjs-layers' },
    parameters: [...network.parameters.values()].reduce((sum, { value }) => sum + value.size, 0),
    license: { weights: license, statedIn: 'by who trained it', checked: published },
    training: { dataset: origin, examples, classes: labels.length },
    input: pictureInput(shape),
    output: { layer: untrained.output, units: labels.length, activation: 'softmax', labels: [...labels] },
    features: featuresOf(facts),
    published,
  };
}

function featuresOf({ untrained, network }: NetworkFacts): NonNullable<Card['features']> {
  const { features, output, alternatives } = untrained;
  const shapeOf = (name: string) => [...(network.layers.find((layer) => layer.name === name)?.shape ?? [])];
  return {
    layer: features,
    width: shapeOf(features).at(-1) ?? 1,
    shape: shapeOf(features),
    head: output,
    pooling: 'none',
    alternatives: alternatives.map((layer) => ({ layer, shape: shapeOf(layer) })),
  };
}

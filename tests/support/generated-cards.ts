/**
 * Cards made from a seed, as a large zoo would have them: families of well-known architectures with variants,
 * people's own words in names, tasks and labels from vocabularies of very unequal use, several versions a name.
 */
import { createHash } from 'node:crypto';
import { parseDigest } from '../../src/core/digest.js';
import type { Card, CardFile } from '../../src/registry/card.js';
import { MODALITIES, type Modality } from '../../src/registry/card-names.js';

/** mulberry32: numbers in [0, 1) from a 32-bit seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const FAMILIES: Record<Modality, readonly string[]> = {
  image:
    'mobilenet resnet efficientnet vit convnext yolo densenet inception unet swin regnet squeezenet'.split(
      ' ',
    ),
  audio: 'wav2vec whisper hubert yamnet crepe conformer vggish encodec ecapa musicgen'.split(' '),
  text: 'bert roberta distilbert minilm gpt t5 electra albert deberta mpnet bart'.split(' '),
};
const TASKS: Record<Modality, readonly string[]> = {
  image: 'image-classification object-detection semantic-segmentation image-embedding pose-estimation'.split(
    ' ',
  ),
  audio: 'speech-recognition audio-classification keyword-spotting speaker-embedding pitch-estimation'.split(
    ' ',
  ),
  text: 'text-classification sentence-embedding token-classification question-answering translation'.split(
    ' ',
  ),
};
const TRAINED_ON: Record<Modality, readonly string[]> = {
  image: 'ImageNet-1k CIFAR-10 COCO Places365 iNaturalist Flowers-102 Food-101'.split(' '),
  audio: 'AudioSet LibriSpeech ESC-50 VoxCeleb GTZAN CommonVoice'.split(' '),
  text: 'Wikipedia BookCorpus SQuAD MNLI Banking77 C4 OSCAR'.split(' '),
};
const SIZES = 'tiny small base large xl nano mini lite'.split(' ');
const ADJECTIVES =
  'fast small accurate quantised multilingual robust compact distilled pruned balanced'.split(' ');
const LICENSES = [
  'Apache-2.0',
  'MIT',
  'BSD-3-Clause',
  'CC-BY-4.0',
  'CC0-1.0',
  'MIT OR Apache-2.0',
  'CC-BY-SA-4.0',
  'GPL-3.0-only',
  'MPL-2.0',
];
const FORMATS = [
  'safetensors',
  'pytorch',
  'onnx',
  'tflite',
  'tfjs-graph',
  'tfjs-layers',
  'tf-savedmodel',
] as const;
const SYLLABLES =
  'ba be bi bo da de di do fa fi ga go ka ke ki ko la le li lo ma me mi mo na ne ni no pa pe ra re ri ro sa se si so ta te ti to va ve vi vo za zen lux nor tek'.split(
    ' ',
  );

/** The n-th invented word: three to five syllables, every n another. */
function inventedWord(n: number): string {
  let rest = n + SYLLABLES.length ** 2;
  let word = '';
  while (rest > 0) {
    word += SYLLABLES[rest % SYLLABLES.length];
    rest = Math.floor(rest / SYLLABLES.length);
  }
  return word;
}

export interface GeneratorOptions {
  readonly seed?: number;
  /** Mean number of versions a name; default 2. */
  readonly versions?: number;
  /** How many invented words there are; the n-th is used in proportion to 1/n. Default 50,000. */
  readonly vocabulary?: number;
}

/** Yields exactly `count` cards, versions of a name one after another, names in no order. */
export function* generateCards(count: number, options: GeneratorOptions = {}): Generator<Card> {
  const { seed = 1, versions = 2, vocabulary = 50_000 } = options;
  const random = randomFrom(seed);
  const pick = <T>(list: readonly T[]): T => {
    const item = list[Math.floor(random() * list.length)];
    if (item === undefined) throw new Error('empty list');
    return item;
  };
  /** Zipf's law with exponent 1. */
  const word = () => inventedWord(Math.floor(vocabulary ** random()) - 1);
  const lists = labelLists(random, word);
  let made = 0;
  for (let serial = 0; made < count; serial++) {
    const modality = pick(MODALITIES);
    const family = pick(FAMILIES[modality]);
    const parts = [family];
    if (random() < 0.6) parts.push(`v${1 + Math.floor(random() * 4)}`);
    if (random() < 0.6) parts.push(pick(SIZES));
    if (random() < 0.4) parts.push(pick(TRAINED_ON[modality]).toLowerCase().replaceAll('-', ''));
    const words = 1 + Math.floor(random() * 2);
    for (let index = 0; index < words; index++) parts.push(word());
    // Numbers tell apart what would be twins.
    parts.push(serial.toString(36));
    if (random() < 0.3) parts.unshift(word());
    const name = parts.join('-').slice(0, 80).replace(/-+$/, '');
    const dataset = random() < 0.03;
    const first = Math.floor(random() * 5000);
    const size = Math.floor(10 ** (4.5 + random() * 5));
    const labels = pick(lists);
    const own = Array.from({ length: 2 + Math.floor(random() * 10) }, word);
    const task = pick(TASKS[modality]);
    const license = LICENSES[Math.floor(LICENSES.length * random() ** 3)] ?? 'MIT';
    let version = 1;
    do {
      const card: Card = {
        kind: dataset ? 'dataset' : 'model',
        name,
        version: `${version}.${Math.floor(random() * 5)}.0${random() < 0.05 ? '-rc.1' : ''}`,
        modality,
        task,
        summary: `A ${pick(ADJECTIVES)} ${family} network for ${word()} ${word()}, tuned on ${word()} and ${pick(TRAINED_ON[modality])} for ${task.replace('-', ' ')}.`,
        published: new Date(Date.UTC(2012, 0, 1) + (first + version * 30) * 86_400_000)
          .toISOString()
          .slice(0, 10),
        architecture: `${family} ${pick(SIZES)}`,
        format: { name: dataset ? 'data' : pick(FORMATS) },
        license: { weights: license, statedIn: 'LICENSE', checked: '2026-11-01' },
        training: { dataset: pick(TRAINED_ON[modality]), examples: 1 + Math.floor(random() * 1e6) },
        files: files(`${name}@${version}`, size),
      };
      if (dataset) card.classes = own;
      else {
        const listed = random() < 0.35 ? labels : own;
        card.output = { layer: 'logits', units: listed.length, activation: 'softmax', labels: listed };
        card.features = { layer: 'avg_pool', width: 1280, head: 'logits' };
      }
      if (random() < 0.01) card.withdrawn = { reason: 'trained on leaked data', date: '2026-10-01' };
      yield card;
      made++;
      version++;
    } while (made < count && random() < 1 - 1 / versions);
  }
}

/** Lists of 20 to 1,000 labels that many models share, some of real words. */
function labelLists(random: () => number, word: () => string): string[][] {
  const known = [
    'espresso',
    'tabby cat',
    'golden retriever',
    'sports car',
    'acoustic guitar',
    'speech',
    'violin',
  ];
  return Array.from({ length: 200 }, () => {
    const length = Math.floor(20 * 50 ** random());
    return Array.from({ length }, (_, index) =>
      random() < 0.05 ? (known[index % known.length] ?? '') : `${word()} ${word()}`,
    );
  });
}

function files(seed: string, size: number): CardFile[] {
  const source = (path: string) => [`hf:zoo/${seed.replace(/[^a-z0-9.-]/g, '-')}@main#${path}`];
  const weights = size - Math.min(900, size >>> 1);
  const pieces = Math.min(Math.ceil(weights / 8_388_608), 4);
  return [
    {
      path: 'model.safetensors',
      role: 'weights',
      size: weights,
      sha256: digestOf(`${seed} weights`),
      ...(pieces > 1 ? { pieces: Array.from({ length: pieces }, (_, n) => digestOf(`${seed} ${n}`)) } : {}),
      sources: source('model.safetensors'),
    },
    {
      path: 'config.json',
      role: 'configuration',
      size: size - weights,
      sha256: digestOf(`${seed} config`),
      sources: source('config.json'),
    },
  ];
}

function digestOf(text: string) {
  return parseDigest(createHash('sha256').update(text).digest('hex'));
}

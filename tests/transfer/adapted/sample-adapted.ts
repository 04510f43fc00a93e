/** Small adapted models that tests save, damage and read. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../../src/core/digest.js';
import { Random } from '../../../src/data/random.js';
import type { Weights } from '../../../src/formats/weight.js';
import type { Card } from '../../../src/registry/card.js';
import type { AdaptedContent } from '../../../src/transfer/adapted/save-adapted.js';
import { classifier } from '../../../src/transfer/heads/classifier.js';
import { FittedHead } from '../../../src/transfer/heads/fitted-head.js';
import type { Head } from '../../../src/transfer/heads/head.js';
import { float32, int32 } from '../../../src/transfer/heads/weight-data.js';
import { sampleCard } from '../../support/sample-card.js';

export const BASE: Card = sampleCard({
  input: {
    modality: 'image',
    shape: [null, 224, 224, 3],
    dtype: 'float32',
    layout: 'NHWC',
    colourOrder: 'RGB',
    range: [0, 1],
  },
});

export const DIGITS = Array.from({ length: 10 }, (_, digit) => String(digit));

/** A head with numbers of the right shapes, not trained. */
export function fittedHead(head: Head, width: number, seed = 1): FittedHead {
  const random = Random.seeded(seed);
  const parameters: Weights = new Map(
    [...head.shapes(width)].map(([name, shape]) => {
      const sizes = shape.map((size) => size ?? 6);
      const length = sizes.reduce((product, size) => product * size, 1);
      if (name === 'classes') {
        return [
          name,
          int32(
            sizes,
            Int32Array.from({ length }, () => random.below(head.outputs)),
          ),
        ];
      }
      return [
        name,
        float32(
          sizes,
          Float32Array.from({ length }, () => 0.1 + random.uniform()),
        ),
      ];
    }),
  );
  return new FittedHead(head, width, parameters);
}

/** Ten digits on 1,280 features, as `zoo finetune mobilenet-v2` makes it; `changes` replace parts. */
export function sampleContent(changes: Partial<AdaptedContent> = {}): AdaptedContent {
  const head = changes.head ?? fittedHead(classifier({ labels: DIGITS }), 1280);
  return {
    name: 'digits',
    published: '2026-11-27',
    base: BASE,
    head,
    backbone: {
      cut: 'global_pool',
      pooling: 'average',
      width: head.width,
      prepare: { size: { height: 224, width: 224 } },
      preprocessing: '{"size":[224,224],"range":[0,1]}',
    },
    recipe: { train: 'head', solver: 'lbfgs', c: 0.1, chosenBy: 'cross-validation' },
    seed: 7,
    data: { origin: 'dataset/digits@1.0.0', digest: sha256('the digits'), examples: 50 },
    metrics: { crossValidation: { accuracy: 0.9, folds: 5 }, evaluation: null },
    ...changes,
  };
}

/** Changes a file and what the card says about it, as somebody would who wants to pass the first check. */
export async function forge(
  folder: string,
  name: string,
  change: (content: Buffer) => Buffer | string,
): Promise<void> {
  const path = join(folder, name);
  const content = Buffer.from(change(await readFile(path)));
  await writeFile(path, content);
  if (name === 'card.json') return;
  const cardPath = join(folder, 'card.json');
  const card = JSON.parse(await readFile(cardPath, 'utf8'));
  for (const file of card.files) {
    if (file.path !== name) continue;
    file.size = content.length;
    file.sha256 = sha256(content);
  }
  await writeFile(cardPath, JSON.stringify(card));
}

/** For `forge`: changes JSON. */
export function inJson(change: (json: Record<string, unknown>) => void): (content: Buffer) => string {
  return (content) => {
    const json = JSON.parse(content.toString('utf8'));
    change(json);
    return JSON.stringify(json);
  };
}

/** 3 examples with features that a test can make again in another process. */
export function sampleFeatures(width: number): Float32Array {
  const random = Random.seeded(5);
  return Float32Array.from({ length: 3 * width }, () => random.normal());
}

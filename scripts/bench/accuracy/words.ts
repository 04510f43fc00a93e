/** What texts are compared with: TF-IDF of their words, as scikit-learn's TfidfVectorizer weighs them by default. */
import type { Dataset } from '../../../src/data/dataset.js';
import type { LabelledFeatures } from '../../../src/training/solve/fit-options.js';
import { unitLength } from '../../../src/transfer/heads/dense.js';
import type { RowsOf } from './learn-rows.js';

/** Words and how rare they are, from the training part of each draw alone. */
export function wordRows(everything: Dataset): RowsOf {
  const words = new Map<string, string[]>();
  return async ({ train, test }) => {
    if (words.size === 0) {
      for (const example of everything.examples) {
        const raw = await example.load();
        if (raw.kind !== 'text') throw new Error(`${example.name} is no text`);
        words.set(example.name, raw.text.toLowerCase().match(/[\p{L}\p{N}]{2,}/gu) ?? []);
      }
    }
    const wordsOf = (name: string) => words.get(name) ?? [];
    const holders = new Map<string, number>();
    for (const { name } of train.examples) {
      for (const word of new Set(wordsOf(name))) holders.set(word, (holders.get(word) ?? 0) + 1);
    }
    const count = train.examples.length;
    const weights = new Map(
      [...holders].map(([word, held], column) => [
        word,
        { column, rarity: Math.log((1 + count) / (1 + held)) + 1 },
      ]),
    );
    const table = ({ examples }: Dataset): LabelledFeatures => {
      const width = weights.size;
      const features = new Float32Array(examples.length * width);
      examples.forEach(({ name }, row) => {
        for (const word of wordsOf(name)) {
          const weight = weights.get(word);
          if (weight === undefined) continue;
          const at = row * width + weight.column;
          features[at] = (features[at] ?? 0) + weight.rarity;
        }
      });
      return {
        names: examples.map(({ name }) => name),
        labels: examples.map(({ labels }) => labels),
        targets: examples.map(({ target }) => target),
        features: unitLength(features, examples.length, width),
        width,
      };
    };
    return { train: table(train), test: table(test) };
  };
}

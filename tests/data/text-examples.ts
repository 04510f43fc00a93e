/** Data sets in memory for tests of splits and the like. */
import { sha256 } from '../../src/core/digest.js';
import type { Dataset, Example } from '../../src/data/dataset.js';
import { makeDataset } from '../../src/data/make-dataset.js';

export interface TextExampleParts {
  readonly labels?: readonly string[];
  readonly target?: number;
  readonly text?: string;
}

export function textDataset(parts: readonly TextExampleParts[], origin = 'the texts'): Dataset {
  const examples = parts.map(({ labels = [], target, text }, index): Example => {
    const content = text ?? `text ${index}`;
    return {
      name: String(index),
      labels,
      ...(target === undefined ? {} : { target }),
      load: async () => ({ kind: 'text', text: content }),
      digest: async () => sha256(content),
    };
  });
  return makeDataset({ modality: 'text', origin, examples });
}

/** So many examples of each class, the classes one after the other. */
export function classes(counts: Readonly<Record<string, number>>): Dataset {
  return textDataset(
    Object.entries(counts).flatMap(([label, count]) =>
      Array.from({ length: count }, () => ({ labels: [label] })),
    ),
  );
}

export function countOf(dataset: Dataset, label: string): number {
  return dataset.examples.filter(({ labels }) => labels.includes(label)).length;
}

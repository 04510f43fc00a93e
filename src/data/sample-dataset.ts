/** A few examples a class, to see how little is enough. */
import { checkCount } from './check-number.js';
import type { Dataset, Example } from './dataset.js';
import { fewOf } from './few-of.js';
import { subset } from './make-dataset.js';
import { Random } from './random.js';

export interface Sample {
  /** Notes classes that have fewer than were asked for; these are in it whole. */
  readonly sample: Dataset;
  /** All others. */
  readonly rest: Dataset;
}

/**
 * Draws `perClass` examples of every class. With the same seed a smaller sample is a part of every larger one. An
 * example with several labels counts for each of them.
 * @throws ZooError `USAGE` for a bad number or seed.
 */
export function sampleDataset(dataset: Dataset, perClass: number, seed: number): Sample {
  checkCount('examples a class', perClass);
  const holders = new Map<string, Example[]>(dataset.labels.map((label) => [label, []]));
  for (const example of dataset.examples)
    for (const label of example.labels) holders.get(label)?.push(example);
  const chosen = new Set<Example>();
  const short: string[] = [];
  for (const [label, examples] of holders) {
    let have = examples.filter((example) => chosen.has(example)).length;
    for (const example of Random.seeded(seed, `sample ${label}`).shuffled(examples)) {
      if (have >= perClass) break;
      if (chosen.has(example)) continue;
      chosen.add(example);
      have += 1;
    }
    if (have < perClass) short.push(`${label} (${have})`);
  }
  const sample = subset(
    dataset,
    dataset.examples.filter((example) => chosen.has(example)),
  );
  const notes = short.length === 0 ? [] : [`Classes with fewer than ${perClass} examples: ${fewOf(short)}`];
  return {
    sample: { ...sample, notes },
    rest: subset(
      dataset,
      dataset.examples.filter((example) => !chosen.has(example)),
    ),
  };
}

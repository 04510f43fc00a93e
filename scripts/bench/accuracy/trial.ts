/** One data set, several ways to learn from a few examples of it, and the same draws of examples for each of them. */
import { performance } from 'node:perf_hooks';
import type { Dataset } from '../../../src/data/dataset.js';
import { findDuplicates } from '../../../src/data/duplicates.js';
import { subset } from '../../../src/data/make-dataset.js';
import { sampleDataset } from '../../../src/data/sample-dataset.js';

export interface Draw {
  readonly seed: number;
  readonly perClass: number;
  readonly train: Dataset;
  readonly test: Dataset;
}

export interface Trial {
  readonly title: string;
  /** Every example that any draw may hold: features are computed of these, once. */
  readonly everything: Dataset;
  /** Examples of each class to learn from. */
  readonly perClass: readonly number[];
  readonly draw: (perClass: number, seed: number) => Draw;
}

export interface Score {
  /** Mean over the classes of the share that is right; of a test part with equally many of each it is the accuracy. */
  readonly accuracy: number;
  /** What was chosen for this draw, where something was. */
  readonly chosen?: string | undefined;
}

export interface Contestant {
  readonly name: string;
  /** Left out where there are more examples of a class: it would take long. */
  readonly most?: number | undefined;
  run(draw: Draw): Promise<Score>;
}

export interface Row {
  readonly name: string;
  /** In the order of the trial's `perClass`; one score a seed. Empty where it was left out. */
  readonly scores: readonly (readonly Score[])[];
}

export interface TrialResult {
  readonly title: string;
  readonly perClass: readonly number[];
  readonly rows: readonly Row[];
}

/** Equal examples once each, so that none lies on both sides; none of those that carry different labels. */
export async function withoutRepeats(dataset: Dataset): Promise<Dataset> {
  const groups = await findDuplicates(dataset);
  const gone = new Set(
    groups.flatMap(({ members, contradictory }) =>
      members.slice(contradictory ? 0 : 1).map(({ example }) => example),
    ),
  );
  return subset(
    dataset,
    dataset.examples.filter((example) => !gone.has(example)),
  );
}

/** Always the same test part; what is learnt from is drawn from the pool. */
export function fixedTest(title: string, parts: { pool: Dataset; test: Dataset }, perClass: number[]): Trial {
  const { pool, test } = parts;
  return {
    title,
    everything: subset(pool, [...test.examples, ...pool.examples]),
    perClass,
    draw: (count, seed) => ({ seed, perClass: count, train: sampleDataset(pool, count, seed).sample, test }),
  };
}

/** For sets too small to set a test part aside: all that were not drawn are tested with. */
export function testOnRest(title: string, everything: Dataset, perClass: number[]): Trial {
  return {
    title,
    everything,
    perClass,
    draw: (count, seed) => {
      const { sample, rest } = sampleDataset(everything, count, seed);
      return { seed, perClass: count, train: sample, test: rest };
    },
  };
}

/** Every contestant on every draw. */
export async function runTrial(
  trial: Trial,
  seeds: number,
  contestants: readonly Contestant[],
): Promise<TrialResult> {
  const { title, perClass } = trial;
  const rows: Row[] = [];
  for (const { name, most, run } of contestants) {
    const begun = performance.now();
    const scores: Score[][] = [];
    for (const count of perClass) {
      const ofCount: Score[] = [];
      if (count <= (most ?? count)) {
        for (let seed = 0; seed < seeds; seed++) ofCount.push(await run(trial.draw(count, seed)));
      }
      scores.push(ofCount);
    }
    rows.push({ name, scores });
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    const said = scores.map((of) => of.map(({ accuracy }) => accuracy.toFixed(3)).join(' ')).join(' | ');
    process.stderr.write(`${title}: ${name}: ${said} (${seconds} s)\n`);
  }
  return { title, perClass, rows };
}

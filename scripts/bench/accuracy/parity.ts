/** The same exported features, learnt from by scikit-learn with the same C: do both say the same? */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { extractFeatures, saveFeatures } from '../../../src/training/features/extract-features.js';
import { csvPath } from '../../../src/training/features/feature-file.js';
import { fitHead } from '../../../src/training/solve/fit-head.js';
import type { Bench } from './experiment.js';
import { accuracyOf, HEADS, predictedLabels, rowsFrom } from './learn-rows.js';
import type { Trial } from './trial.js';

const PROGRAM = fileURLToPath(new URL('logistic_regression.py', import.meta.url));

const answersSchema = z.object({
  versions: z.string(),
  runs: z.array(z.object({ predicted: z.array(z.string()) })),
});

interface Run {
  readonly perClass: number;
  readonly accuracy: number;
  readonly predicted: readonly string[];
  readonly truth: readonly string[];
  readonly task: { readonly train: readonly string[]; readonly test: readonly string[]; readonly c: number };
}

/** Prints a table. @param python a program that has scikit-learn. */
export async function compareWithPython(
  { zoo, seeds }: Bench,
  python: string,
  trial: Trial,
  reference: string,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'accuracy-'));
  const backbone = await zoo.backbone(reference);
  try {
    // As `zoo features` writes them.
    const path = join(folder, 'features.safetensors');
    await saveFeatures(backbone, trial.everything, path, { cache: zoo.featureCache });
    const rows = rowsFrom(await extractFeatures(backbone, trial.everything, { cache: zoo.featureCache }));
    const runs: Run[] = [];
    for (const perClass of trial.perClass) {
      for (let seed = 0; seed < seeds; seed++) {
        const draw = trial.draw(perClass, seed);
        const { train, test } = await rows(draw);
        const fit = await fitHead(HEADS['linear, standardised'](draw.train.labels), train, { seed });
        const task = { train: train.names, test: test.names, c: fit.evidence.c ?? 1 };
        const truth = test.labels.map(([label]) => label ?? '');
        const accuracy = accuracyOf(fit.fitted, test);
        runs.push({ perClass, accuracy, predicted: predictedLabels(fit, test), truth, task });
      }
    }
    const answer = execFileSync(python, [PROGRAM, path, csvPath(path)], {
      input: JSON.stringify(runs.map(({ task }) => task)),
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    print(trial, reference, runs, answersSchema.parse(JSON.parse(answer)));
  } finally {
    backbone.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

function print(
  trial: Trial,
  reference: string,
  runs: readonly Run[],
  answers: z.output<typeof answersSchema>,
) {
  const share = (of: readonly boolean[]) => of.filter(Boolean).length / of.length;
  const lines = runs.map(({ perClass, accuracy, predicted, truth, task }, index) => {
    const theirs = answers.runs[index]?.predicted ?? [];
    const cells = [
      `${perClass}`,
      task.c.toPrecision(2),
      percent(accuracy),
      percent(share(truth.map((label, at) => label === theirs[at]))),
      percent(share(predicted.map((label, at) => label === theirs[at]))),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  process.stdout.write(
    `### ${trial.title}, ${reference}: ours and scikit-learn (${answers.versions})\n\n` +
      '| a class | C | ours % | scikit-learn % | same answer % |\n| ---: | ---: | ---: | ---: | ---: |\n' +
      `${lines.join('\n')}\n\n`,
  );
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}

/** Which instrument plays a note, and which digit is spoken. */
import { joinDatasets, publishedParts, relabel, subset } from '../../../src/data/make-dataset.js';
import { sampleDataset } from '../../../src/data/sample-dataset.js';
import { cepstraTable } from './cepstra.js';
import { type Bench, PARTS_SEED } from './experiment.js';
import { linearWithLongGrid, nearestContestant, otherHeads, rowsFrom, standardised } from './learn-rows.js';
import { chosenLayer, networkRows } from './network-rows.js';
import { sharedData } from './shared-data.js';
import {
  type Contestant,
  fixedTest,
  runTrial,
  type Trial,
  type TrialResult,
  testOnRest,
  withoutRepeats,
} from './trial.js';

const INSTRUMENTS = ['cello', 'flute', 'trumpet', 'xylophone'] as const;
/** There are 8 notes of the rarest instrument: more draws make up for few notes to test with. */
const MORE_DRAWS = 4;
const POOL_PER_DIGIT = 100;
/** Choosing a layer runs the network six times and more for each draw. */
const FEW = 5;
/** Their voices are not learnt from where new voices are tested. */
const NEW_VOICES = /_(theo|yweweler)_/;

export async function recordings(bench: Bench): Promise<TrialResult[]> {
  const results = [await instruments(bench)];
  const fsdd = await sharedData(bench.zoo, bench.shared, 'fsdd');
  const parts = fsdd === undefined ? undefined : publishedParts(await withoutRepeats(fsdd));
  if (parts === undefined) return results;
  const pool = sampleDataset(parts.train, POOL_PER_DIGIT, PARTS_SEED).sample;
  const known = fixedTest('spoken digits, known voices', { pool, test: parts.test }, [5, 20]);
  const spoken = await spokenContestants(bench, known);
  results.push(await runTrial(known, bench.seeds, [...spoken, chosenLayer(bench.zoo, 'basic-pitch', FEW)]));
  const { examples } = known.everything;
  const fresh = fixedTest(
    'spoken digits, new voices',
    {
      pool: subset(
        pool,
        pool.examples.filter(({ name }) => !NEW_VOICES.test(name)),
      ),
      test: subset(
        pool,
        examples.filter(({ name }) => NEW_VOICES.test(name)),
      ),
    },
    [5, 20],
  );
  results.push(await runTrial(fresh, bench.seeds, spoken));
  return results;
}

async function instruments({ zoo, seeds }: Bench): Promise<TrialResult> {
  const notes = await Promise.all(
    INSTRUMENTS.map(async (name) => [name, await zoo.data(`dataset/instrument-${name}`)] as const),
  );
  const joined = relabel(joinDatasets(Object.fromEntries(notes)), ({ name }) => [name.split('/')[0] ?? '']);
  const trial = testOnRest('instruments', await withoutRepeats(joined), [3, 5]);
  const cepstra = rowsFrom(await cepstraTable(trial.everything, 22_050));
  const average = await networkRows(zoo, 'basic-pitch', trial);
  const frames = await networkRows(zoo, 'basic-pitch', trial, { pooling: 'frames' });
  return runTrial(trial, MORE_DRAWS * seeds, [
    nearestContestant('nearest neighbour on MFCCs', standardised(cepstra)),
    ...linearWithLongGrid('MFCCs', cepstra),
    ...linearWithLongGrid('basic-pitch', average),
    ...linearWithLongGrid('basic-pitch, keys kept', frames),
    ...otherHeads('basic-pitch', average),
  ]);
}

async function spokenContestants({ zoo }: Bench, trial: Trial): Promise<Contestant[]> {
  const cepstra = rowsFrom(await cepstraTable(trial.everything, 16_000));
  return [
    nearestContestant('nearest neighbour on MFCCs', standardised(cepstra)),
    ...linearWithLongGrid('MFCCs', cepstra),
    ...linearWithLongGrid('basic-pitch', await networkRows(zoo, 'basic-pitch', trial)),
    ...linearWithLongGrid(
      'basic-pitch, keys kept',
      await networkRows(zoo, 'basic-pitch', trial, { pooling: 'frames' }),
    ),
    ...linearWithLongGrid('resemblyzer', await networkRows(zoo, 'resemblyzer', trial)),
  ];
}

/** Handwritten digits: 8 x 8 pixels from scikit-learn, 28 x 28 from MNIST. */
import { sampleDataset } from '../../../src/data/sample-dataset.js';
import { type Bench, PARTS_SEED } from './experiment.js';
import { linearWithLongGrid, nearestContestant, otherHeads, rowsFrom } from './learn-rows.js';
import { chosenLayer, networkRows } from './network-rows.js';
import { compareWithPython } from './parity.js';
import { convnet, pixelTable } from './pixels.js';
import { fixedTest, runTrial, type Trial, type TrialResult, withoutRepeats } from './trial.js';

const TEST_PER_CLASS = 50;
const POOL_PER_CLASS = 50;

export async function images(bench: Bench): Promise<TrialResult[]> {
  const { zoo, seeds } = bench;
  const small = await digitTrial(bench, 'digits');
  const resnet = await networkRows(zoo, 'resnet50', small);
  const results = [
    await runTrial(small, seeds, [
      ...(await pixelContestants(small, 3)),
      ...linearWithLongGrid('mobilenet-v2', await networkRows(zoo, 'mobilenet-v2', small)),
      ...linearWithLongGrid('resnet50', resnet),
      chosenLayer(zoo, 'mobilenet-v2', 5),
    ]),
  ];
  const large = await digitTrial(bench, 'mnist-5k');
  const mobilenet = await networkRows(zoo, 'mobilenet-v2', large);
  results.push(
    await runTrial(large, seeds, [
      ...(await pixelContestants(large, 1)),
      ...linearWithLongGrid('mobilenet-v2', mobilenet),
      ...otherHeads('mobilenet-v2', mobilenet),
      chosenLayer(zoo, 'mobilenet-v2', 5),
    ]),
  );
  if (bench.python !== undefined) await compareWithPython(bench, bench.python, large, 'mobilenet-v2');
  return results;
}

async function digitTrial({ zoo }: Bench, name: string): Promise<Trial> {
  const dataset = await withoutRepeats(await zoo.data(`dataset/${name}`));
  const { sample: test, rest } = sampleDataset(dataset, TEST_PER_CLASS, PARTS_SEED);
  const pool = sampleDataset(rest, POOL_PER_CLASS, PARTS_SEED).sample;
  return fixedTest(name, { pool, test }, [5, 20]);
}

async function pixelContestants(trial: Trial, enlarge: number) {
  const pixels = rowsFrom(await pixelTable(trial.everything));
  return [
    nearestContestant('nearest neighbour on pixels', pixels),
    ...linearWithLongGrid('pixels', pixels),
    convnet(enlarge, 20),
  ];
}

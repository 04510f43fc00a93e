/** What a sentence is about, and what a bank's customer wants. */
import { publishedParts, relabel, subset } from '../../../src/data/make-dataset.js';
import { sampleDataset } from '../../../src/data/sample-dataset.js';
import { type Bench, PARTS_SEED } from './experiment.js';
import { HEADS, headContestant, linearContestants, nearestContestant, otherHeads } from './learn-rows.js';
import { networkRows } from './network-rows.js';
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
import { wordRows } from './words.js';

const NETWORKS = ['minilm-l6-v2', 'use-lite'] as const;
const FEWEST_OF_TOPIC = 10;
const TEST_PER_INTENT = 10;
const POOL_PER_INTENT = 40;

export async function texts(bench: Bench): Promise<TrialResult[]> {
  const topics = await topicTrial(bench);
  const results = [await runTrial(topics, bench.seeds, await contestants(bench, topics))];
  const banking = await sharedData(bench.zoo, bench.shared, 'banking77');
  const parts = banking === undefined ? undefined : publishedParts(await withoutRepeats(banking));
  if (parts === undefined) return results;
  const test = sampleDataset(parts.test, TEST_PER_INTENT, PARTS_SEED).sample;
  const pool = sampleDataset(parts.train, POOL_PER_INTENT, PARTS_SEED).sample;
  const intents = fixedTest('77 intents', { pool, test }, [5, 10]);
  results.push(await runTrial(intents, bench.seeds, await contestants(bench, intents)));
  return results;
}

/** Topics are as uneven as conversations are: those with too few sentences to learn from and test with are left out. */
async function topicTrial({ zoo }: Bench): Promise<Trial> {
  const all = await withoutRepeats(await zoo.data('dataset/chatterbot-english'));
  const counts = new Map<string, number>();
  for (const label of all.examples.flatMap(({ labels }) => labels)) {
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const enough = ({ labels }: { labels: readonly string[] }) =>
    labels.every((label) => (counts.get(label) ?? 0) >= FEWEST_OF_TOPIC);
  const kept = subset(all, all.examples.filter(enough));
  return testOnRest(
    'topics',
    relabel(kept, ({ labels }) => labels),
    [5],
  );
}

async function contestants({ zoo }: Bench, trial: Trial): Promise<Contestant[]> {
  const words = wordRows(trial.everything);
  const [minilm, use] = [
    await networkRows(zoo, NETWORKS[0], trial),
    await networkRows(zoo, NETWORKS[1], trial),
  ];
  return [
    nearestContestant('nearest neighbour on TF-IDF', words),
    headContestant('TF-IDF; linear, unit length', words, HEADS['linear, unit length']),
    ...linearContestants(NETWORKS[0], minilm),
    ...linearContestants(NETWORKS[1], use),
    ...otherHeads(NETWORKS[0], minilm),
  ];
}

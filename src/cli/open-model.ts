/** What answers about examples: an adapted model, or a network with classes of its own. */
import { resolve } from 'node:path';
import type { AdaptedModel } from '../training/adapted-model.js';
import type { AdaptingZoo } from '../training/adapting-zoo.js';
import type { NetworkScorer } from '../training/predict/network-scorer.js';
import type { PullListener } from '../zoo/pull-events.js';
import type { RunContext } from './command.js';

/**
 * A folder that is written as one, or is one, before a network's name.
 * @returns the caller's to dispose. @throws ZooError of `AdaptingZoo.load` and `AdaptingZoo.classifier`.
 */
export async function openModel(
  zoo: AdaptingZoo,
  reference: string,
  onEvent: PullListener | undefined,
  { cwd, signal }: RunContext,
): Promise<AdaptedModel | NetworkScorer> {
  const [{ folderCard, meansFolder }, { isAdaptedFolder }] = await Promise.all([
    import('./folder-card.js'),
    import('../transfer/adapted/read-adapted.js'),
  ]);
  const path = resolve(cwd, reference);
  if (!(await meansFolder(path, reference))) return zoo.classifier(reference, { onEvent, signal });
  if (await isAdaptedFolder(path)) return zoo.load(path, { onEvent, signal });
  const [{ openClassifier }, { NetworkScorer: Scorer }] = await Promise.all([
    import('../transfer/classifier.js'),
    import('../training/predict/network-scorer.js'),
  ]);
  return new Scorer(await openClassifier({ folder: path, card: await folderCard(path) }));
}

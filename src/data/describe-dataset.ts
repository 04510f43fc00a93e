/** What is worth knowing about data before anything is learnt from them. */
import { balanceOf, describeBalance } from './balance.js';
import type { Dataset } from './dataset.js';
import { findDuplicates } from './duplicates.js';
import { fewOf } from './few-of.js';

/**
 * Balance of the classes, and examples that are there several times.
 * @param digests sha256 of the examples, in their order.
 * @returns whole sentences; none where there is nothing to say.
 */
export async function describeDataset(dataset: Dataset, digests: readonly string[]): Promise<string[]> {
  const balance = dataset.labels.length === 0 ? [] : describeBalance(balanceOf(dataset));
  const groups = await findDuplicates(dataset, undefined, digests);
  if (groups.length === 0) return balance;
  const examples = groups.reduce((sum, { members }) => sum + members.length, 0);
  const equal = `${examples} examples are in ${groups.length} groups of equal ones; a group is never split.`;
  const contradictory = groups.filter((group) => group.contradictory);
  if (contradictory.length === 0) return [...balance, equal];
  const names = contradictory.map(({ members }) => members.map(({ example }) => example.name).join(' = '));
  return [...balance, equal, `Equal, and labelled differently: ${fewOf(names, 3)}.`];
}

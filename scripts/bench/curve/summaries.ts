/** Mean and deviation over the seeds. */
import type { Result, Way } from './results.js';

export interface Summary {
  readonly count: number;
  readonly way: Way;
  readonly mean: number;
  /** Standard deviation over the seeds; 0 of a single one. */
  readonly deviation: number;
}

export function summaries(results: readonly Result[]): Summary[] {
  const groups = new Map<string, Result[]>();
  for (const result of results) {
    const key = `${result.count} ${result.way}`;
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const mean = group.reduce((sum, { accuracy }) => sum + accuracy, 0) / group.length;
    const squares = group.reduce((sum, { accuracy }) => sum + (accuracy - mean) ** 2, 0);
    const deviation = Math.sqrt(squares / Math.max(1, group.length - 1));
    return [{ count: first.count, way: first.way, mean, deviation }];
  });
}

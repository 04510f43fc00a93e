/** Reading everything once, before long work depends on it. */
import type { Dataset, Example } from './dataset.js';
import { fewOf } from './few-of.js';
import { makeDataset } from './make-dataset.js';
import { streamExamples } from './stream.js';

export interface CheckDatasetOptions {
  /** Share of examples, 0 … 1, that may be unreadable; the data set's own by default. */
  readonly tolerate?: number | undefined;
  readonly concurrency?: number | undefined;
  /** After each example. */
  readonly onProgress?: ((checked: number, of: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface CheckedDataset {
  /** Without the unreadable ones, which a note lists. */
  readonly dataset: Dataset;
  readonly unreadable: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Decodes every example and drops it again.
 * @throws ZooError `DATA` when more than the tolerated share can't be read.
 */
export async function checkDataset(
  dataset: Dataset,
  options: CheckDatasetOptions = {},
): Promise<CheckedDataset> {
  const readable: Example[] = [];
  const unreadable: { name: string; reason: string }[] = [];
  const { onProgress, ...rest } = options;
  for await (const { example, error } of streamExamples(dataset, { ...rest, transform: () => undefined })) {
    if (error === undefined) readable.push(example);
    else unreadable.push({ name: example.name, reason: error.message });
    onProgress?.(readable.length + unreadable.length, dataset.examples.length);
  }
  if (unreadable.length === 0) return { dataset, unreadable };
  const note = `${unreadable.length} of ${dataset.examples.length} examples can't be read and were left out: ${fewOf(
    unreadable.map(({ name }) => name),
    10,
  )}`;
  const checked = makeDataset({ ...dataset, examples: readable, notes: [...dataset.notes, note] });
  const emptyClasses = [
    ...(dataset.emptyClasses ?? []),
    ...dataset.labels.filter((label) => !checked.labels.includes(label)),
  ];
  return { dataset: { ...checked, ...(emptyClasses.length > 0 ? { emptyClasses } : {}) }, unreadable };
}

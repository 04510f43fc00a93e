/** A length that all texts of a data set can be padded to, so that the frozen part of a network is computed once for each. */
import type { Dataset } from '../../data/dataset.js';
import { streamExamples } from '../../data/stream.js';
import type { Preparer } from '../../transfer/prepare/preparer.js';

/** Times the mean length; a few long texts would make all others too expensive. */
const MOST_PADDING = 3;

/**
 * @param refuse told in one sentence why there is none.
 * @returns the length of the longest text; undefined for other data, and where that is far more than they usually have.
 */
export async function commonLength(
  preparer: Preparer,
  dataset: Dataset,
  signal: AbortSignal | undefined,
  refuse: (reason: string) => void,
): Promise<number | undefined> {
  if (preparer.modality !== 'text') return undefined;
  let [longest, sum] = [0, 0];
  const stream = streamExamples(dataset, { tolerate: 0, transform: (raw) => preparer.prepare(raw), signal });
  for await (const { value, error } of stream) {
    if (error !== undefined) throw error;
    const [length = 0] = value.shape;
    longest = Math.max(longest, length);
    sum += length;
  }
  const mean = sum / dataset.examples.length;
  if (longest > 0 && longest <= MOST_PADDING * mean) return longest;
  refuse(
    `the frozen part is computed in every epoch: the longest text has ${longest} tokens, the mean is ${mean.toFixed(0)}`,
  );
  return undefined;
}

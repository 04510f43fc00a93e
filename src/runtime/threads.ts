/** How many threads TensorFlow gets. */
import { ZooError } from '../core/errors.js';

const MOST = 1024;

/**
 * @param value `--threads` or `ZOO_THREADS`; undefined or empty leaves the choice to TensorFlow, which takes all cores.
 * @throws ZooError `USAGE` unless it is a whole number from 1 to 1024.
 */
export function parseThreads(value: number | string | undefined): number | undefined {
  if (value === undefined || value === '') return undefined;
  const threads = Number(value);
  if (Number.isInteger(threads) && threads >= 1 && threads <= MOST) return threads;
  throw new ZooError('USAGE', 'Not a number of threads', {
    expected: `a whole number from 1 to ${MOST}`,
    found: String(value),
  });
}

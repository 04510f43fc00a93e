/** What to do when a batch does not fit into memory. */
import { ZooError } from '../../core/errors.js';

/** As TensorFlow says it, of processors and of GPUs; the last is C++'s own. */
const OUT_OF_MEMORY = /OOM when allocating|ResourceExhausted|RESOURCE_EXHAUSTED|failed to allocate|bad_alloc/;

export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && (OUT_OF_MEMORY.test(error.message) || isOutOfMemory(error.cause));
}

/**
 * Tries smaller and smaller batches.
 * @param tryWith runs a step with so many examples; the run is over, so what it changes does not matter.
 * @returns what the person is told: the largest size, halving from the one that failed, that fits.
 */
export async function outOfMemory(
  batchSize: number,
  cause: unknown,
  tryWith: (examples: number) => Promise<void>,
): Promise<ZooError> {
  let fits: number | undefined;
  for (let size = Math.floor(batchSize / 2); size >= 1 && fits === undefined; size = Math.floor(size / 2)) {
    try {
      await tryWith(size);
      fits = size;
    } catch (error) {
      if (!isOutOfMemory(error)) break;
    }
  }
  return new ZooError('FAILED', `A batch of ${batchSize} does not fit into memory`, {
    found: reasonOf(cause),
    hint:
      fits === undefined
        ? 'Not even one example fits. Take a smaller network, smaller pictures, or train from a later layer on.'
        : `A batch of ${fits} fits: --batch-size ${fits}, or the same batch in parts: --accumulate ${Math.ceil(batchSize / fits)}`,
    cause,
  });
}

/** What TensorFlow said, in its first line. */
function reasonOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return OUT_OF_MEMORY.test(error.message) ? error.message.split('\n')[0] : reasonOf(error.cause);
}

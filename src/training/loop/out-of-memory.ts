/** What to say when a batch turned out not to fit into memory. */
import { ZooError } from '../../core/errors.js';
import { hintFor } from './memory-budget.js';

/** As TensorFlow says it, of processors and of GPUs; the last is C++'s own. */
const OUT_OF_MEMORY = /OOM when allocating|ResourceExhausted|RESOURCE_EXHAUSTED|failed to allocate|bad_alloc/;

/** True for what TensorFlow throws then, also as the cause of another error. */
export function isOutOfMemory(error: unknown): boolean {
  return reasonOf(error) !== undefined;
}

/** @param fits the largest batch that fits, from 0; half of this one where it is not known. */
export function outOfMemory(batchSize: number, cause: unknown, fits = Math.floor(batchSize / 2)): ZooError {
  return new ZooError('FAILED', `A batch of ${batchSize} does not fit into memory`, {
    found: reasonOf(cause),
    hint: hintFor(batchSize, fits),
    cause,
  });
}

/** What TensorFlow said, in its first line. */
function reasonOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return OUT_OF_MEMORY.test(error.message) ? error.message.split('\n')[0] : reasonOf(error.cause);
}

/** The ZooError that `run` throws or rejects with; anything else fails the test. */
import { ZooError } from '../../src/core/errors.js';

export async function thrownBy(run: () => unknown): Promise<ZooError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof ZooError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

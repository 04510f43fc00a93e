/** Many small jobs, a few at a time. */

/**
 * Runs `work` for every item, at most `limit` at once, in order of start. After the first failure no further
 * one starts; those under way are waited for, so that nothing goes on behind the caller's back.
 * @throws the first error, or the signal's reason.
 */
export async function forEachBounded<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  let failed = false;
  const lane = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      if (failed) return;
      try {
        signal?.throwIfAborted();
        await work(next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: limit }, lane));
  const failure = lanes.find((settled) => settled.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

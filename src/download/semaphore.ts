/** Lets at most `most` jobs run at once; the others wait their turn in order. */
export function makeSemaphore(most: number): <T>(job: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (job) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await job();
    } finally {
      // A waiter takes over the place as it is.
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}

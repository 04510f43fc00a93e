/** Small questions to registries, asked again when the way to them hiccups. */
import { setTimeout as delay } from 'node:timers/promises';
import { SourceFault } from './remote-file.js';

const MOST_TRIES = 3;
const FIRST_PAUSE_MS = 400;
/** A registry that asks for more patience is given up for now; another source may have the file. */
const LONGEST_PAUSE_MS = 20_000;

/** Runs `ask` up to three times while it fails with `busy` or `broken`; waits as the server says, or with jitter. */
export async function retryLookup<V>(signal: AbortSignal, ask: () => Promise<V>): Promise<V> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      const passing = error instanceof SourceFault && (error.kind === 'busy' || error.kind === 'broken');
      if (!passing || attempt === MOST_TRIES) throw error;
      const pause = error.retryAfterMs ?? Math.random() * FIRST_PAUSE_MS * 4 ** (attempt - 1);
      if (pause > LONGEST_PAUSE_MS) throw error;
      await delay(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

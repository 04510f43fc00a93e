/** What long work says about itself under `--json`, before its result: one JSON object a line. */

import type { LoopProgress } from '../training/loop/train-loop.js';

/** Between two events. */
const EVENT_MS = 1000;

/** At most one event a second, but for those that must not be missed. */
export class JsonEvents {
  #written = performance.now();

  /** Of the steps of a training, the last one of each epoch is never missed. */
  training(progress: LoopProgress): void {
    this.write('training', progress, progress.step % (progress.steps / progress.epochs) === 0);
  }

  /** @param event what is being done. */
  write(event: string, progress: object, always = false): void {
    const now = performance.now();
    if (!always && now - this.#written < EVENT_MS) return;
    this.#written = now;
    process.stdout.write(`${JSON.stringify({ event, ...progress })}\n`);
  }
}

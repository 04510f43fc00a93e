/** Times training steps, the same way for every contestant that is written in JavaScript. */
import { writeFileSync } from 'node:fs';

/** Steps before the clock starts: graphs are made and memory is taken in them. */
const WARM_UP = 2;

/**
 * @param step trains on batch number n of the prepared ones, and gives the loss before it.
 * @param made milliseconds of `performance.now()` when making the trainer began.
 */
export async function timeSteps(step, { steps, made, result, more = {} }) {
  const losses = [];
  for (let index = 0; index < WARM_UP; index++) losses.push(await step(index));
  const ready = performance.now();
  const cpu = process.cpuUsage();
  for (let index = 0; index < steps; index++) losses.push(await step(WARM_UP + index));
  const seconds = (performance.now() - ready) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const found = {
    seconds,
    steps,
    perSecond: steps / seconds,
    cpu: (user + system) / 1e6,
    firstBatch: (ready - made) / 1000,
    losses: losses.slice(0, 3),
  };
  writeFileSync(result, JSON.stringify({ ...found, ...more }));
}

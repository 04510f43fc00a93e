/** Whether a batch fits into memory, before it is tried: the system ends a process that takes too much without a word. */
import { formatBytes } from '../../core/bytes.js';
import { ZooError } from '../../core/errors.js';
import type { StepMemory } from '../../graph/native-training.js';
import { tf } from '../../runtime/tensorflow.js';
import type { Trainer } from './trainer.js';

/** What a step needs, and how often a batch goes through the network in parts. */
export interface BatchNeed {
  readonly memory: StepMemory;
  readonly batchSize: number;
  readonly parts: number;
}

/** What is trained with, and what of. */
interface Source {
  readonly source: { readonly cached: boolean };
  readonly learn: readonly number[];
}

interface Batches {
  readonly batchSize: number;
  readonly accumulate?: number | undefined;
}

/**
 * Nothing is checked on a GPU, whose memory is another, and where nobody knows what a step needs.
 * @throws ZooError `FAILED` as `checkMemory`.
 */
export function checkFits(trainer: Trainer, data: Source, batches: Batches): void {
  const need = needOf(trainer, data, batches);
  if (need !== undefined) checkMemory(need, process.availableMemory());
}

/** Undefined where it is not known; also where a batch should have fitted, and did not. */
export function mostThatFits(trainer: Trainer, data: Source, batches: Batches): number | undefined {
  const need = needOf(trainer, data, batches);
  if (need === undefined) return undefined;
  const fits = fitting(need, process.availableMemory());
  return fits < need.batchSize - 1 ? fits : undefined;
}

function needOf(
  trainer: Trainer,
  { source, learn }: Source,
  { batchSize, accumulate = 1 }: Batches,
): BatchNeed | undefined {
  const memory = trainer.memory(source.cached ? 'boundary' : 'inputs');
  if (memory === undefined || Reflect.get(tf.backend(), 'isUsingGpuDevice') === true) return undefined;
  return { memory, batchSize: Math.min(batchSize, learn.length), parts: accumulate };
}

/**
 * @param available bytes that the process may still take.
 * @throws ZooError `FAILED` for a batch that needs more, with the largest that would fit.
 */
export function checkMemory(need: BatchNeed, available: number): void {
  const { memory, batchSize, parts } = need;
  const bytes = memory.fixed + memory.perExample * Math.ceil(batchSize / parts);
  if (bytes <= available) return;
  throw new ZooError('FAILED', `A batch of ${batchSize} does not fit into memory`, {
    expected: `${formatBytes(Math.max(0, available))}, which are free`,
    found: `about ${formatBytes(bytes)} for a step`,
    hint: hintFor(batchSize, fitting(need, available)),
  });
}

/** The largest batch that fits; 0 where not even one example does. */
export function fitting({ memory, batchSize, parts }: BatchNeed, available: number): number {
  const together = Math.floor((available - memory.fixed) / Math.max(1, memory.perExample));
  return Math.max(0, Math.min(batchSize - 1, together * parts));
}

/** @param fits how many examples do. */
export function hintFor(batchSize: number, fits: number): string {
  if (fits < 1) {
    return 'Not even one example fits. Take a smaller network, smaller pictures, or train from a later layer on.';
  }
  return `A batch of ${fits} fits: --batch-size ${fits}, or the same batch in parts: --accumulate ${Math.ceil(batchSize / fits)}`;
}

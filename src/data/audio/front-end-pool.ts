/**
 * Threads that prepare recordings ahead of the network: resampling and spectrograms cost nearly as much as a small
 * network does, and would otherwise wait for it.
 */
import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import { ZooError } from '../../core/errors.js';
import { threadScript } from '../../core/thread-script.js';
import type { AudioTensor } from './front-end.js';
import type { FrontEndJob, FrontEndReply } from './front-end-thread.js';

/** Threads end when they had nothing to do for so long. */
const IDLE_MS = 2000;

let pool: Piscina<FrontEndJob, FrontEndReply> | undefined;

/**
 * `prepareAudio` in another thread: the same numbers. The process may end while threads are idle.
 * @throws ZooError as `prepareAudio`.
 */
export async function prepareAudioAhead(job: FrontEndJob): Promise<AudioTensor> {
  pool ??= new Piscina({
    filename: threadScript('#front-end-thread'),
    minThreads: 0,
    maxThreads: availableParallelism(),
    idleTimeout: IDLE_MS,
  });
  const reply = await pool.run(job);
  if (!('failed' in reply)) return reply;
  const { code, message, ...details } = reply.failed;
  throw new ZooError(code, message, details);
}

/**
 * Threads that prepare recordings ahead of the network: resampling and spectrograms cost nearly as much as a small
 * network does, and would otherwise wait for it.
 */
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import { ZooError } from '../../core/errors.js';
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
    filename: threadScript(),
    minThreads: 0,
    maxThreads: availableParallelism(),
    idleTimeout: IDLE_MS,
  });
  const reply = await pool.run(job);
  if (!('failed' in reply)) return reply;
  const { code, message, ...details } = reply.failed;
  throw new ZooError(code, message, details);
}

/** The compiled thread, also when the TypeScript sources run: Node can't start a thread from those. */
function threadScript(): string {
  try {
    return createRequire(import.meta.url).resolve('#front-end-thread');
  } catch (cause) {
    throw new ZooError('FAILED', 'The thread that prepares recordings is missing', {
      expected: 'dist/data/audio/front-end-thread.js',
      hint: 'In a checkout: npm run build.',
      cause,
    });
  }
}

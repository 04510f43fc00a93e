/**
 * Threads that prepare pictures and recordings ahead of the network: resizing and spectrograms cost as much as a small
 * network does, and would otherwise wait for it.
 */
import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import { ZooError } from '../../core/errors.js';
import { threadScript } from '../../core/thread-script.js';
import type { AudioTensor } from '../audio/front-end.js';
import type { AudioJob, ImageJob, PrepareJob, PrepareReply } from './prepare-thread.js';

/** Threads end when they had nothing to do for so long. */
const IDLE_MS = 2000;

let pool: Piscina<PrepareJob, PrepareReply<Float32Array | AudioTensor>> | undefined;

/**
 * `prepareImage` or `prepareAudio` in another thread: the same numbers. The process may end while threads are idle.
 * @throws ZooError as those do.
 */
export async function prepareAhead(job: ImageJob): Promise<Float32Array>;
export async function prepareAhead(job: AudioJob): Promise<AudioTensor>;
export async function prepareAhead(job: PrepareJob): Promise<Float32Array | AudioTensor> {
  pool ??= new Piscina({
    filename: threadScript('#prepare-thread'),
    minThreads: 0,
    maxThreads: availableParallelism(),
    idleTimeout: IDLE_MS,
  });
  const reply = await pool.run(tight(job));
  if ('done' in reply) return reply.done;
  const { code, message, ...details } = reply.failed;
  throw new ZooError(code, message, details);
}

/** A view goes to another thread with all of its buffer, which may be that of a whole file: such views are copied. */
function tight(job: PrepareJob): PrepareJob {
  if ('image' in job) {
    const { data } = job.image;
    return fillsBuffer(data) ? job : { ...job, image: { ...job.image, data: data.slice() } };
  }
  const channels = job.audio.channels.map((samples) => (fillsBuffer(samples) ? samples : samples.slice()));
  return { ...job, audio: { ...job.audio, channels } };
}

function fillsBuffer({ byteLength, buffer }: ArrayBufferView): boolean {
  return byteLength === buffer.byteLength;
}

/**
 * What a run needs to go on after its process was killed: one file that is replaced as a whole, with the trained
 * parameters, the optimiser's memory and the place in the run. Chance depends on the seed and the place alone, so a run
 * that goes on ends with the same weights as one that was not interrupted.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { explainDiskError } from '../../cache/disk-space.js';
import type { Digest } from '../../core/digest.js';
import { hasCode, ZooError } from '../../core/errors.js';
import { makeFolder } from '../../core/make-folder.js';
import { readSafetensors } from '../../formats/safetensors/read-safetensors.js';
import { writeSafetensors } from '../../formats/safetensors/write-safetensors.js';
import type { Weight, Weights } from '../../formats/weight.js';
import { type TrainerState, weightsUnder } from './trainer.js';

const FORMAT = 'neuralzoo-checkpoint/1';
/** At least so long after one comes the next, and at least so many times as long as writing one takes. */
const EVERY_MS = 30_000;
const REST = 20;
/** Checkpoints that nobody went on from for so long are removed. */
const STALE_MS = 30 * 24 * 3600 * 1000;

const watchedSchema = z.object({
  epoch: z.int(),
  loss: z.number(),
  /** Share of rows, or of rows and labels, that are right; null for regression. */
  accuracy: z.number().nullable(),
});

const placeSchema = z.object({
  /** Steps done. */
  step: z.int().min(0),
  /** Of the steps of this epoch: losses times examples, and examples. */
  sum: z.number(),
  seen: z.int().min(0),
  /** Mean loss of each whole epoch. */
  losses: z.array(z.number()),
  watched: z.array(watchedSchema),
  /** Of the best of `watched`. */
  best: z.int().optional(),
});
export type Place = z.infer<typeof placeSchema>;

export interface Snapshot {
  readonly place: Place;
  readonly trainer: TrainerState;
  /** Trained parameters after the best epoch, where examples are watched. */
  readonly best: Weights | undefined;
}

export interface CheckpointOptions {
  readonly folder: string;
  /** Of everything that the run depends on. */
  readonly key: Digest;
  /** Milliseconds between two; by default 30 s, and at least 20 times as long as writing takes. */
  readonly every?: number | undefined;
  /** Throws away what an interrupted run left. Default false. */
  readonly restart?: boolean | undefined;
}

export class Checkpoint {
  readonly #path: string;
  readonly #options: CheckpointOptions;
  #next: number;

  private constructor(options: CheckpointOptions) {
    this.#options = options;
    this.#path = join(options.folder, `${options.key}.safetensors`);
    this.#next = performance.now() + (options.every ?? EVERY_MS);
  }

  /** @throws ZooError `FILE_SYSTEM`, `DISK_FULL` where the folder can't be made. */
  static async open(options: CheckpointOptions): Promise<Checkpoint> {
    try {
      await makeFolder(options.folder);
      await removeStale(options.folder);
    } catch (error) {
      throw explainDiskError(error, 'making the folder of checkpoints');
    }
    const checkpoint = new Checkpoint(options);
    if (options.restart === true) await checkpoint.remove();
    return checkpoint;
  }

  /** What an interrupted run left; undefined where there is nothing, or nothing that can be read. */
  async read(): Promise<Snapshot | undefined> {
    try {
      const { weights, metadata } = await readSafetensors(this.#path);
      if (metadata.format !== FORMAT || metadata.key !== this.#options.key) return undefined;
      const place = placeSchema.parse(JSON.parse(metadata.place ?? ''));
      const best = weightsUnder('best/', weights);
      return {
        place,
        trainer: {
          weights: weightsUnder('weights/', weights),
          slots: weightsUnder('slots/', weights),
          steps: Number(metadata.steps),
        },
        best: best.size === 0 ? undefined : best,
      };
    } catch (error) {
      // Whatever is wrong with it, a run from the beginning is right.
      if (error instanceof ZooError || error instanceof z.ZodError || error instanceof SyntaxError) {
        return undefined;
      }
      throw error;
    }
  }

  /** True when it is time for the next one. */
  get due(): boolean {
    return performance.now() >= this.#next;
  }

  /** @throws ZooError `DISK_FULL`, `FILE_SYSTEM`: what was there stays. */
  async write({ place, trainer, best }: Snapshot): Promise<void> {
    const begun = performance.now();
    const weights = new Map<string, Weight>();
    for (const [prefix, tensors] of Object.entries({
      'weights/': trainer.weights,
      'slots/': trainer.slots,
      'best/': best ?? new Map<string, Weight>(),
    })) {
      for (const [name, weight] of tensors) weights.set(prefix + name, weight);
    }
    const { key, every = EVERY_MS } = this.#options;
    const metadata = { format: FORMAT, key, steps: String(trainer.steps), place: JSON.stringify(place) };
    try {
      await writeSafetensors(this.#path, weights, metadata);
    } catch (error) {
      throw explainDiskError(error, 'writing a checkpoint');
    }
    const now = performance.now();
    this.#next = now + (every === 0 ? 0 : Math.max(every, REST * (now - begun)));
  }

  /** The run has ended: nobody needs to go on from here. */
  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}

async function removeStale(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    try {
      const path = join(folder, name);
      if (Date.now() - (await stat(path)).mtimeMs > STALE_MS) await rm(path, { force: true });
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }
}

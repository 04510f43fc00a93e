/**
 * Cards to an index file. The cards may come in any order and number: they are staged in a scratch database,
 * sorted there, and written to a new file beside the target, which replaces it in one step once it has been
 * checked. The same cards always give the same bytes.
 */
import { randomBytes } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { makeFolder } from '../core/make-folder.js';
import type { Card } from './card.js';
import { checkIndex } from './index-check.js';
import { type Heads, openHeads } from './index-heads.js';
import { LabelLists } from './index-label-lists.js';
import { publishFile } from './index-publish.js';
import { asZooError, createIndexFile } from './index-sqlite.js';
import { openStage, type Stage } from './index-stage.js';
import { writeCards } from './index-write-cards.js';
import { writeSearch } from './index-write-search.js';
import type { Database } from './sqlite.js';

export interface BuildOptions {
  /** Licences that pass although they are not free; see `judgeLicense`. */
  readonly allowed?: readonly string[];
  readonly signal?: AbortSignal;
  /** Called now and then with the number of cards read. */
  readonly onProgress?: (cards: number) => void;
}

export interface BuildResult {
  readonly path: string;
  /** All versions of all models. */
  readonly cards: number;
  readonly models: number;
  /** Size of the file. */
  readonly bytes: number;
}

/** Cards between two looks at the signal and two turns of the event loop. */
const TURN = 500;

/**
 * Builds the index of `cards` at `target`, in a folder that is made when it is missing. Cards have been checked (`parseCard`). Processes that have the old file
 * open go on reading it.
 * @throws ZooError `LICENSE` for a card that is not freely licensed, `INVALID_CARD` for two cards of one version,
 * `DISK_FULL` or `FILE_SYSTEM`; nothing is left behind then and the old file stays.
 */
export async function buildIndex(
  cards: Iterable<Card> | AsyncIterable<Card>,
  target: string,
  options: BuildOptions = {},
): Promise<BuildResult> {
  await makeFolderOf(target);
  const temporary = `${target}.${process.pid}-${randomBytes(4).toString('hex')}`;
  const stagePath = `${temporary}.stage`;
  const outputPath = `${temporary}.new`;
  const headsPath = `${temporary}.heads`;
  let stage: Stage | undefined;
  let heads: Heads | undefined;
  let output: Database | undefined;
  try {
    stage = openStage(stagePath, options.allowed ?? []);
    let count = 0;
    for await (const card of cards) {
      stage.add(card);
      if (++count % TURN === 0) {
        options.signal?.throwIfAborted();
        options.onProgress?.(count);
        await nextTurn();
      }
    }
    options.signal?.throwIfAborted();
    options.onProgress?.(count);
    stage.finish();

    output = createIndexFile(outputPath);
    output.exec('BEGIN');
    heads = openHeads(headsPath);
    const lists = new LabelLists(stage, output);
    await inTurns(writeCards(stage, lists, heads, output), options.signal);
    const models = await inTurns(writeSearch(lists, heads, output), options.signal);
    output.exec('COMMIT');
    output.pragma('journal_mode = DELETE');
    output.close();
    output = undefined;

    checkIndex(outputPath, { cards: count, models });
    const { size } = await stat(outputPath);
    options.signal?.throwIfAborted();
    await publishFile(outputPath, target);
    return { path: target, cards: count, models, bytes: size };
  } catch (error) {
    throw asZooError(error, target);
  } finally {
    output?.close();
    heads?.close();
    stage?.close();
    for (const path of [stagePath, headsPath, outputPath]) await rm(path, { force: true });
  }
}

async function makeFolderOf(target: string): Promise<void> {
  try {
    await makeFolder(dirname(target));
  } catch (error) {
    throw asZooError(error, dirname(target));
  }
}

/** Runs a long computation that yields now and then, so that timers and signals get their turn. */
async function inTurns<T>(work: Generator<void, T>, signal: AbortSignal | undefined): Promise<T> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    signal?.throwIfAborted();
    await nextTurn();
  }
}

/** Exports: one whole model in a format that others load, with its card and a README, in a folder of its own. */
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../core/atomic-file.js';
import type { Digest } from '../core/digest.js';
import { placeFolder } from '../core/place-folder.js';
import type { Network } from '../formats/network.js';
import type { Card, CardFile, FileRole } from '../registry/card.js';
import { cardCategory, cardId } from '../registry/card-names.js';
import type { AdaptedModel } from '../training/adapted-model.js';
import { adaptedName } from '../transfer/adapted/adapted-card.js';
import { disposeBatch } from '../transfer/prepare/preparer.js';
import { compareFolder } from './compare.js';
import { exportCard } from './export-card.js';
import { exportReadme } from './export-readme.js';
import { CARD_FILE, mayReplace, README_FILE } from './export-target.js';
import type { Exportable, ExportFormat } from './exportable.js';
import { exportableModel, exportableNetwork } from './find-exportable.js';
import type { Packing } from './packing.js';
import { WRITERS } from './write-export.js';

/** Files of the base that the export needs as well. */
const COPIED: readonly FileRole[] = ['tokenizer', 'license', 'front-end', 'configuration'];

export type { ExportFormat } from './exportable.js';

export interface ExportOptions {
  readonly format: ExportFormat;
  /**
   * How weights are stored in the formats of TensorFlow.js, default as float32. `original`: each as the base's file has it.
   * `float16`, `uint8`, `uint16`: all with two dimensions or more.
   */
  readonly quantisation?: Packing | undefined;
  /** Replaces an export that is there; anything else is never replaced. Default false. */
  readonly overwrite?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ExportReport {
  readonly format: ExportFormat;
  readonly card: Card;
  /** All files, `card.json` and `README.md` among them. */
  readonly files: readonly string[];
  readonly bytes: number;
  /**
   * The largest difference between an output of the model and of the export, which was opened again and asked about an
   * example; undefined for safetensors, which can't be asked.
   */
  readonly difference: number | undefined;
}

/**
 * @param model trained or loaded; stays the caller's.
 * @param card what it is called and whose it is: that of its folder.
 * @param folder made when missing; its parents too.
 * @throws ZooError `FILE_SYSTEM` as `checkExportTarget`; `DATA` for what the format can't say; `FAILED` when the export
 *   gives something else than the model; the system's error. What was there before is still there then.
 */
export async function exportModel(
  model: AdaptedModel,
  card: Card,
  folder: string,
  options: ExportOptions,
): Promise<ExportReport> {
  return write(await exportableModel(model, card), folder, options);
}

/** A network that was opened, and what is known of it. */
export interface OpenedNetwork {
  readonly network: Network;
  readonly card: Card;
  /** Where its files lie. */
  readonly folder: string;
  /** Of the card, for a network of the zoo: the export says what it was made from. */
  readonly digest?: Digest | undefined;
}

/**
 * @param opened stays the caller's.
 * @param folder made when missing; its parents too.
 * @throws as `exportModel`.
 */
export async function exportNetwork(
  opened: OpenedNetwork,
  folder: string,
  options: ExportOptions,
): Promise<ExportReport> {
  const { network, card, digest } = opened;
  const exportable = await exportableNetwork(network, card, opened.folder);
  const made =
    digest === undefined ? card.base : { reference: `${cardCategory(card)}/${cardId(card)}`, digest };
  const about = { ...card, name: adaptedName(card.name), ...(made === undefined ? {} : { base: made }) };
  return write({ ...exportable, about }, folder, options);
}

async function write(exportable: Exportable, folder: string, options: ExportOptions): Promise<ExportReport> {
  const { format, signal, overwrite } = options;
  try {
    return await placeFolder(folder, (temporary) => writeAll(exportable, temporary, { ...options, format }), {
      mayReplace,
      overwrite,
      signal,
    });
  } finally {
    disposeBatch(exportable.example);
  }
}

async function writeAll(
  exportable: Exportable,
  folder: string,
  options: ExportOptions,
): Promise<ExportReport> {
  const { format, quantisation, signal } = options;
  const { about } = exportable;
  const { name, version, task, license, input, output = {} } = about;
  const { units, activation, labels } = output;
  const metadata = {
    neuralzoo: { name, version, task, license, input, output: { units, activation, labels } },
  };
  const written = await WRITERS[format](exportable, folder, { quantisation, metadata, signal });
  const copied = await copyFiles(
    exportable,
    folder,
    written.files.map(({ path }) => path),
  );
  const files = [...written.files, ...copied];
  const card = await exportCard(exportable, format, folder, { ...written, files }, signal);
  await writeFileAtomic(join(folder, CARD_FILE), `${JSON.stringify(card, undefined, 2)}\n`);
  const readme = exportReadme(card, format, exportable);
  await writeFileAtomic(join(folder, README_FILE), readme);
  signal?.throwIfAborted();
  const opens = format === 'tfjs-graph' || format === 'tfjs-layers';
  return {
    format,
    card,
    files: [...files.map(({ path }) => path), CARD_FILE, README_FILE],
    bytes: card.files.reduce((sum, { size }) => sum + size, 0),
    difference: opens
      ? await compareFolder(exportable, folder, card, quantisation === undefined)
      : written.difference,
  };
}

/** The labels of the base are not those of a new head; the card has those of both. */
async function copyFiles(
  { base, folder }: Exportable,
  target: string,
  taken: readonly string[],
): Promise<Pick<CardFile, 'path' | 'role'>[]> {
  if (folder === undefined) return [];
  const others = [...taken, CARD_FILE, README_FILE];
  const wanted = base.files.filter(({ path, role }) => COPIED.includes(role) && !others.includes(path));
  for (const { path } of wanted) {
    await mkdir(dirname(join(target, path)), { recursive: true });
    // Not copied by the system: what lies in the cache may not be written to.
    await writeFileAtomic(join(target, path), await readFile(join(folder, path)));
  }
  return wanted.map(({ path, role }) => ({ path, role }));
}

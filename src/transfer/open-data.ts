/** What a person names on the command line: a network of the zoo, and data of their own or a ready data set. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Digest } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import type { Dataset } from '../data/dataset.js';
import { keepLabels } from '../data/keep-labels.js';
import type { OpenDatasetOptions } from '../data/open-options.js';
import type { Card } from '../registry/card.js';
import type { Zoo } from '../zoo/open-zoo.js';
import type { PullListener } from '../zoo/pull-events.js';
import { checkModality } from './check-fit.js';

export interface FromZooOptions {
  readonly onEvent?: PullListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PulledNetwork {
  readonly id: string;
  readonly folder: string;
  readonly card: Card;
  /** Digest of the card. */
  readonly digest: Digest;
}

/** Pulls a network where it is not installed yet. @throws ZooError of the pull; `DATA` for a data set. */
export async function pullNetwork(
  zoo: Zoo,
  reference: string,
  options: FromZooOptions = {},
): Promise<PulledNetwork> {
  const { id, card, path, model } = await zoo.pull(reference, options);
  if (card.kind === 'model') return { id, folder: path, card, digest: model.card };
  throw new ZooError('DATA', `${id} is a data set, not a network`, {
    hint: 'First the network, then the data: zoo features mobilenet-v2 dataset/digits',
  });
}

export interface OpenDataOptions extends FromZooOptions, Omit<OpenDatasetOptions, 'signal'> {
  /** What relative paths are relative to. */
  readonly cwd: string;
  /** What its card says of the network that it is for: data of another modality are refused, before any are fetched. */
  readonly network?: Pick<Card, 'input' | 'modality'> | undefined;
  /** Only examples of these classes; all by default. */
  readonly labels?: readonly string[] | undefined;
}

/**
 * A path where there is something at it, else the name of a data set of the zoo.
 * @throws ZooError `NOT_FOUND` when it is neither; `DATA` for what is no data, data for another network, or a label that is not
 * there; else as `openDataset`.
 */
export async function openData(
  zoo: Zoo,
  data: string,
  { labels, ...options }: OpenDataOptions,
): Promise<Dataset> {
  const dataset = await openWhole(zoo, data, options);
  return labels === undefined ? dataset : keepLabels(dataset, labels);
}

async function openWhole(zoo: Zoo, data: string, options: Omit<OpenDataOptions, 'labels'>): Promise<Dataset> {
  const { cwd, network, onEvent, signal, ...reading } = options;
  const path = resolve(cwd, data);
  if (await exists(path)) {
    const { openDataset } = await import('../data/open-dataset.js');
    const dataset = await openDataset(path, { ...reading, signal });
    if (network !== undefined) checkModality(network, dataset);
    return dataset;
  }
  const pulled = await pullData(zoo, data, network, { onEvent, signal });
  const { openDatasetCard } = await import('../data/ready/open-dataset-card.js');
  const dataset = await openDatasetCard(pulled.path, pulled.card, {
    ...(signal === undefined ? {} : { signal }),
  });
  return reading.tolerate === undefined ? dataset : { ...dataset, tolerate: reading.tolerate };
}

async function pullData(
  zoo: Zoo,
  data: string,
  network: OpenDataOptions['network'],
  options: FromZooOptions,
) {
  const { card } = await findData(zoo, data, options.signal);
  if (card.kind === 'dataset') {
    if (network !== undefined) checkModality(network, card);
    return zoo.pull(data, options);
  }
  throw new ZooError('DATA', `${data} is a network, not data`, {
    expected: 'a folder, a table, or a data set such as dataset/digits',
    found: data,
  });
}

/** Before anything is fetched. */
async function findData(zoo: Zoo, data: string, signal: AbortSignal | undefined) {
  try {
    return await zoo.show(data, signal);
  } catch (error) {
    if (!(error instanceof ZooError) || (error.code !== 'NOT_FOUND' && error.code !== 'USAGE')) throw error;
    throw new ZooError('NOT_FOUND', `There is nothing at ${data}, and no data set has that name`, {
      expected: 'a folder with a subfolder for each class, a table, or a data set such as dataset/digits',
      found: error.found,
      hint: 'zoo search --kind dataset lists the data sets.',
      cause: error,
    });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

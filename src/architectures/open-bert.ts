/** A BERT encoder from the folder of a model: safetensors and config.json. */
import { join } from 'node:path';
import { ZooError } from '../core/errors.js';
import type { Network } from '../formats/network.js';
import { readSafetensors } from '../formats/safetensors/read-safetensors.js';
import type { Weight, Weights } from '../formats/weight.js';
import type { Card, CardFile } from '../registry/card.js';
import { readJson } from '../registry/describe/file-bytes.js';
import { bertTopology, LAST_HIDDEN_STATE, NORMALIZE } from './bert.js';
import { bertConfig } from './bert-config.js';
import { layeredNetwork } from './layered-network.js';

const MAX_CONFIG = 1_000_000;

/** Tensors of the encoder; position ids are counted, not read, and heads of other tasks stay in the file. */
const ENCODER = /(^|\.)(embeddings|encoder|transformer|pooler)\.(?!position_ids$)/;

/**
 * Inputs are `input_ids` and `attention_mask`, [batch, tokens] int32; token types are zero. The output is the
 * embedding (mean over the unmasked tokens, length 1) where the card speaks of sentence embeddings, else the last
 * hidden state.
 * @param folder where the files of `card` lie.
 * @throws ZooError `INTEGRITY` for malformed files and weights that do not fit config.json; `NOT_FOUND` where one is
 * missing.
 */
export async function openBert(folder: string, card: Card, signal?: AbortSignal): Promise<Network> {
  const [configuration] = files(card, 'configuration', /(^|\/)config\.json$/);
  const parts = files(card, 'weights', /\.safetensors$/);
  if (configuration === undefined || parts.length === 0) {
    throw new ZooError('NOT_FOUND', `${card.name} lacks a file that a BERT encoder is made of`, {
      expected: 'weights in .safetensors and a configuration called config.json',
      found: card.files.map(({ path }) => path).join(', '),
    });
  }
  const { path, size } = configuration;
  const config = bertConfig(
    await readJson({ path, file: join(folder, path), size }, MAX_CONFIG, 'a configuration'),
  );
  const weights = await readParts(folder, parts, signal);
  const output = card.task === 'sentence-embedding' ? NORMALIZE : LAST_HIDDEN_STATE;
  return layeredNetwork(card.format.name, bertTopology(weights, config, [output]));
}

function files(card: Card, role: CardFile['role'], name: RegExp): readonly CardFile[] {
  return card.files.filter((file) => file.role === role && name.test(file.path));
}

/** Large networks are split into several files. */
async function readParts(
  folder: string,
  parts: readonly CardFile[],
  signal: AbortSignal | undefined,
): Promise<Weights> {
  const all = new Map<string, Weight>();
  for (const { path } of parts) {
    const { weights } = await readSafetensors(join(folder, path), {
      wanted: (name) => ENCODER.test(name),
      signal,
    });
    for (const [name, weight] of weights) all.set(name, weight);
  }
  return all;
}

/** Inputs that a person names, with standard input among them. */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { ZooError } from '../core/errors.js';
import type { Dataset } from '../data/dataset.js';
import { type OpenInputsOptions, openInputs, textInputs } from '../data/open-inputs.js';

const DASH = '-';
const NAME = 'standard input';

export interface ReadInputs {
  readonly dataset: Dataset;
  /** Removes what was put aside for it. */
  end(): Promise<void>;
}

/**
 * @param inputs paths and texts; none at all, or `-`, is standard input: a text a line, or the bytes of one file.
 * @throws ZooError `USAGE` where standard input is a terminal, or named among other inputs; as `openInputs`.
 */
export async function inputsOf(inputs: readonly string[], options: OpenInputsOptions): Promise<ReadInputs> {
  if (inputs.length > 0 && !inputs.includes(DASH)) {
    return { dataset: await openInputs(inputs, options), end: async () => {} };
  }
  if (inputs.length > 1) {
    throw new ZooError('USAGE', 'Standard input is read alone', { expected: '-', found: inputs.join(' ') });
  }
  if (inputs.length === 0 && process.stdin.isTTY === true) {
    throw new ZooError('USAGE', 'There is nothing to predict', {
      hint: 'Name files or folders, or pipe something in.',
    });
  }
  if (options.modality === 'text') {
    const lines = (await readText(process.stdin)).split(/\r?\n/).filter((line) => line.trim() !== '');
    return { dataset: textInputs(lines, NAME), end: async () => {} };
  }
  return oneFile(options);
}

/** Decoders read files, so the bytes become one for a while. */
async function oneFile(options: OpenInputsOptions): Promise<ReadInputs> {
  const folder = await mkdtemp(join(tmpdir(), 'zoo-input-'));
  const end = () => rm(folder, { recursive: true, force: true });
  try {
    const file = join(folder, 'input');
    await pipeline(process.stdin, createWriteStream(file), { signal: options.signal });
    const read = await openInputs([file], options);
    const examples = read.examples.map((example) => ({ ...example, name: NAME }));
    return { dataset: { ...read, examples, origin: NAME }, end };
  } catch (error) {
    await end();
    throw error;
  }
}

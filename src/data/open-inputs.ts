/** What somebody wants an answer for: files, folders of files, or texts as they are. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { hasCode, ZooError } from '../core/errors.js';
import type { Modality } from '../registry/card-names.js';
import type { Dataset, Example } from './dataset.js';
import { fileExample } from './file-example.js';
import { modalitiesOf } from './file-modality.js';
import { makeDataset } from './make-dataset.js';
import { readFolder } from './read-folder.js';
import { textExample } from './text/text-example.js';

export interface OpenInputsOptions {
  /** What the network takes. */
  readonly modality: Modality;
  /** What relative paths are relative to. */
  readonly cwd: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Unlabelled examples of paths. In a folder every file of the modality counts, at any depth. For text, what is not a
 * path is the text itself, the empty one too.
 * @throws ZooError `NOT_FOUND` for a path with nothing at it; `DATA` for a folder without a fitting file.
 */
export async function openInputs(inputs: readonly string[], options: OpenInputsOptions): Promise<Dataset> {
  const { modality, cwd } = options;
  let examples: Example[] = [];
  for (const input of inputs) {
    const path = resolve(cwd, input);
    const kind = input === '' ? undefined : await kindOf(path);
    if (kind === 'folder') examples = examples.concat(await folderExamples(path, input, options));
    else if (kind === 'file') examples.push(fileExample({ path, modality, name: input, labels: [] }));
    else if (modality === 'text')
      examples.push(textExample({ name: `text ${examples.length + 1}`, text: input, labels: [] }));
    else throw new ZooError('NOT_FOUND', `No such file or folder: ${input}`, { hint: 'Check the path.' });
  }
  return makeDataset({ modality, origin: 'the command line', examples });
}

/** Texts from elsewhere, such as the lines of standard input. */
export function textInputs(texts: readonly string[], origin: string): Dataset {
  const examples = texts.map((text, index) =>
    textExample({ name: `${origin}:${index + 1}`, text, labels: [] }),
  );
  return makeDataset({ modality: 'text', origin, examples });
}

async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    // A text may be longer than a path may be, or hold what a path may not.
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE')) return undefined;
    throw error;
  }
}

async function folderExamples(
  folder: string,
  name: string,
  { modality, signal }: OpenInputsOptions,
): Promise<Example[]> {
  const { files } = await readFolder(folder, signal);
  const kinds = await modalitiesOf(
    files.map(({ path }) => path),
    signal,
  );
  const fitting = files.filter((_, index) => kinds[index] === modality);
  if (fitting.length > 0) {
    return fitting.map((file) =>
      fileExample({ path: file.path, modality, name: `${name}/${file.name}`, labels: [] }),
    );
  }
  throw new ZooError('DATA', `There is nothing in ${name} that this network takes`, {
    expected: `files of the modality ${modality}`,
    found: `${files.length} other ${files.length === 1 ? 'file' : 'files'}`,
  });
}

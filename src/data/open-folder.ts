/** A folder with one subfolder a class as a data set. */
import { ZooError } from '../core/errors.js';
import type { Modality } from '../registry/card-names.js';
import type { Dataset } from './dataset.js';
import { fewOf } from './few-of.js';
import { fileExample } from './file-example.js';
import { countModalities, modalitiesOf } from './file-modality.js';
import { makeDataset } from './make-dataset.js';
import type { OpenDatasetOptions } from './open-options.js';
import { type FoundFile, type FoundFolder, readFolder } from './read-folder.js';

/** Of all data files; fewer of another modality are left out with a note, more are a mistake. */
const STRAY_SHARE = 0.1;
/** Names of parts of a data set, which are no classes. */
const PARTS = ['train', 'training', 'test', 'testing', 'val', 'valid', 'validation', 'dev', 'eval'];

/**
 * Files right in the folder are examples without a label where there are no subfolders, and left out where there are.
 * @throws ZooError as `openDataset`.
 */
export async function openFolder(folder: string, options: OpenDatasetOptions): Promise<Dataset> {
  const { signal } = options;
  const found = await readFolder(folder, signal);
  checkNotParts(folder, found);
  const kinds = await modalitiesOf(
    found.files.map((file) => file.path),
    signal,
  );
  const modality = options.modality ?? chooseModality(folder, found, kinds);
  const hasClasses = found.files.some((file, index) => file.label !== undefined && kinds[index] === modality);
  const taken: FoundFile[] = [];
  const notClasses: string[] = [];
  const others: string[] = [];
  found.files.forEach((file, index) => {
    if (kinds[index] !== modality) others.push(file.name);
    else if (hasClasses && file.label === undefined) notClasses.push(file.name);
    else taken.push(file);
  });
  if (taken.length === 0) throw nothingIn(folder, found, modality);
  const used = new Set(taken.map((file) => file.label));
  const emptyClasses = hasClasses ? found.subfolders.filter((name) => !used.has(name)) : [];
  const notes: string[] = [];
  if (others.length > 0)
    notes.push(`${others.length} files are not ${modality} and were left out: ${fewOf(others)}`);
  if (notClasses.length > 0) {
    notes.push(`${notClasses.length} files lie in no class folder and were left out: ${fewOf(notClasses)}`);
  }
  if (emptyClasses.length > 0) notes.push(`Class folders without an example: ${fewOf(emptyClasses)}`);
  return makeDataset({
    modality,
    origin: folder,
    examples: taken.map(({ path, name, label }) =>
      fileExample({ path, name, modality, labels: label === undefined ? [] : [label] }),
    ),
    notes,
    emptyClasses,
    tolerate: options.tolerate,
  });
}

function chooseModality(
  folder: string,
  found: FoundFolder,
  kinds: readonly (Modality | undefined)[],
): Modality {
  const counts = countModalities(kinds);
  const [most, second] = counts;
  if (most === undefined) throw nothingIn(folder, found, undefined);
  const all = counts.reduce((sum, [, count]) => sum + count, 0);
  if (second !== undefined && second[1] > all * STRAY_SHARE) {
    throw new ZooError('DATA', `${folder} mixes kinds of data, and a network takes one`, {
      found: counts.map(([modality, count]) => `${count} files of ${modality}`).join(', '),
      hint: 'Say which modality is meant, or move the others away.',
    });
  }
  return most[0];
}

function nothingIn(
  folder: string,
  { files, subfolders }: FoundFolder,
  modality: Modality | undefined,
): ZooError {
  const what = `${files.length} other files${files.length > 0 ? `: ${fewOf(files.map((file) => file.name))}` : ''}`;
  return new ZooError(
    'DATA',
    `${folder} holds nothing that ${modality === undefined ? 'a network' : `a network for ${modality}`} takes in`,
    {
      expected: 'pictures, recordings or .txt files, in one subfolder a class',
      found: files.length === 0 ? `${subfolders.length} subfolders and no files` : what,
      hint: 'Put the files of each class into a subfolder named for it.',
    },
  );
}

/** A folder of "train" and "test" would make a network that tells train from test. */
function checkNotParts(folder: string, { subfolders, files }: FoundFolder): void {
  if (subfolders.length === 0 || !subfolders.every((name) => PARTS.includes(name.toLowerCase()))) return;
  const deeper = files.some((file) => file.name.split('/').length > 2);
  if (!deeper) return;
  throw new ZooError('DATA', `The subfolders of ${folder} are parts, not classes`, {
    expected: 'one subfolder a class',
    found: subfolders.join(', '),
    hint: `Use ${folder}/${subfolders[0]} as data.`,
  });
}

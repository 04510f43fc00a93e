/**
 * Describes the files of a network from their headers alone: nothing is run, no TensorFlow is loaded, and a
 * pickle is never read. Formats are told by their first bytes.
 */
import { ZooError } from '../../core/errors.js';
import type { FileRole } from '../card.js';
import type { Description, FormatDescription, LocalFile } from './description.js';
import { readJson } from './file-bytes.js';
import { readLabels } from './labels.js';
import { describeOnnx } from './onnx.js';
import { describeHdf5, describeTorch } from './opaque.js';
import { type FileKind, recognise } from './recognise.js';
import { describeSafetensors } from './safetensors.js';
import { describeSavedModel } from './saved-model.js';
import { describeTfjs, isTfjsModel, MAX_MODEL_JSON } from './tfjs-model.js';
import { describeTflite } from './tflite.js';

export type { DescribedInput, DescribedTensor, FormatDescription, LocalFile } from './description.js';

interface Recognised {
  readonly file: LocalFile;
  readonly kind: FileKind;
}

/** Kinds that describe a network, the one that tells most first. */
const PREFERENCE: readonly FileKind[] = [
  'json',
  'saved-model',
  'onnx',
  'tflite',
  'hdf5',
  'safetensors',
  'torch-zip',
  'torch-legacy',
];

/**
 * @param files every file of one network, with the paths that they have in the card: a model.json finds its
 * weight files by them. Where several networks are among them the largest is described and the others are named.
 * @throws ZooError `INTEGRITY` for a file that is malformed or too large to be read safely, `POLICY` for code
 * (a pickle outside PyTorch, a Lambda layer, a Python operation), `NOT_FOUND` when no file is a known format.
 */
export async function describeFiles(
  files: readonly { path: string; file: string; size: number }[],
): Promise<FormatDescription> {
  const recognised: Recognised[] = [];
  for (const file of files) {
    const kind = await recognise(file);
    recognised.push({ file, kind: kind === 'json' && !(await holdsTopology(file)) ? 'other' : kind });
  }
  const chosen = PREFERENCE.flatMap((kind) => recognised.filter((each) => each.kind === kind));
  const [first] = chosen;
  if (first === undefined) throw nothingKnown(files);
  const same = chosen.filter((each) => each.kind === first.kind);
  const main = same.reduce((a, b) => (b.file.size > a.file.size ? b : a));
  const described = await describe(main, same, files);
  const left = chosen.filter((each) => described.roles[each.file.path] === undefined);
  const { unknown, ...fields } = described;
  const roles = { ...guessRoles(files), ...described.roles };
  const labels = await readLabels(files, roles, described.output?.units);
  return {
    ...fields,
    ...(labels ? { output: { ...fields.output, labels } } : {}),
    roles,
    unknown: [
      ...left.map(({ file }) => `files: ${file.path} is a network too; ${main.file.path} was described`),
      ...files.filter(({ path }) => !roles[path]).map(({ path }) => `files: the role of ${path}`),
      ...unknown.filter((sentence) => labels === undefined || !sentence.startsWith('output: labels')),
    ],
  };
}

async function holdsTopology(file: LocalFile): Promise<boolean> {
  // A tokenizer or a label list may be large as well; only what could be a model.json has to be parsed.
  if (!/model[^/]*\.json$/i.test(file.path) && file.size > MAX_MODEL_JSON) return false;
  return isTfjsModel(await readJson(file, MAX_MODEL_JSON, 'a model.json').catch(notJson));
}

/** A file that begins like JSON and is none is somebody else's; one that is too large is an error. */
function notJson(error: unknown): undefined {
  if (error instanceof ZooError && / is not JSON$/.test(error.message)) return undefined;
  throw error;
}

function describe(
  main: Recognised,
  same: readonly Recognised[],
  files: readonly LocalFile[],
): Promise<Description> {
  const { file, kind } = main;
  switch (kind) {
    case 'json':
      return describeTfjs(file, files);
    case 'saved-model':
      return describeSavedModel(file, files);
    case 'onnx':
      return describeOnnx(file);
    case 'tflite':
      return describeTflite(file);
    case 'hdf5':
      return describeHdf5(file);
    case 'safetensors':
      return describeSafetensors(
        same.map((each) => each.file),
        files,
      );
    case 'torch-zip':
    case 'torch-legacy':
      return Promise.resolve(describeTorch(file, kind));
    case 'other':
      throw nothingKnown(files);
  }
}

function nothingKnown(files: readonly LocalFile[]): ZooError {
  return new ZooError('NOT_FOUND', 'None of the files is a network in a format that is known here', {
    expected: 'TensorFlow.js, SavedModel, ONNX, TensorFlow Lite, Keras HDF5, safetensors or PyTorch',
    found: files
      .slice(0, 5)
      .map((file) => file.path)
      .join(', '),
  });
}

/** Roles by what such files are called everywhere; a reader's finding overrules them. */
function guessRoles(files: readonly LocalFile[]): Record<string, FileRole> {
  const patterns: [RegExp, FileRole][] = [
    [/(^|\/)(licen[cs]e|notice|copying)[^/]*$/i, 'license'],
    [/(^|\/)readme[^/]*$/i, 'readme'],
    [/(^|\/)(tokenizer[^/]*\.json|vocab[^/]*|merges\.txt|spiece\.model|[^/]*\.spm)$/i, 'tokenizer'],
    [/(^|\/)(labels?|classes|class_names|synset)[^/]*\.(txt|json|csv)$/i, 'labels'],
    [/(mel|spectrogram|front-?end)[^/]*\.(onnx|tflite)$/i, 'front-end'],
    [/(^|\/)[^/]*(config|thresholds|preprocessor)[^/]*\.json$/i, 'configuration'],
  ];
  const roles: Record<string, FileRole> = {};
  for (const { path } of files) {
    const role = patterns.find(([pattern]) => pattern.test(path))?.[1];
    if (role !== undefined) roles[path] = role;
  }
  return roles;
}

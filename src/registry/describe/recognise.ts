/** Tells formats by their first bytes, never by the name of the file. */
import { ZooError } from '../../core/errors.js';
import type { LocalFile } from './description.js';
import { readSpan } from './file-bytes.js';

export type FileKind =
  | 'json'
  | 'safetensors'
  | 'onnx'
  | 'saved-model'
  | 'tflite'
  | 'torch-zip'
  | 'torch-legacy'
  | 'hdf5'
  | 'other';

/** Bytes that are looked at. */
const HEAD = 512;

const HDF5 = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1');
/** A pickle of protocol 2 that holds the number 0x1950a86a20f9469cfc6c: how torch.save began until 1.6. */
const TORCH_LEGACY = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');
const ZIP = Buffer.from('PK\x03\x04', 'latin1');
/**
 * Pickles of protocol 0 and 1 that call something: GLOBAL or INST with a module and a name, and then what only a
 * pickle goes on with. A list of labels may well begin with the lines "cat" and "dog".
 */
const TEXT_PICKLES = [
  // biome-ignore lint/suspicious/noControlCharactersInRegex: memo numbers of protocol 1 are bytes
  /^[(\]}ldt]*c[A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n(?:[()]|p\d+\n|q[\x00-\x1f]|S['"])/,
  /^\((?:S'[^\n]*'\n)*i[A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n/,
];

/**
 * @throws ZooError `POLICY` for a pickle outside a PyTorch file: loading one runs code, and only the tensor
 * reader for PyTorch files knows how to take the numbers without it.
 */
export async function recognise(file: LocalFile): Promise<FileKind> {
  const head = await readSpan(file, 0, HEAD);
  if (head.subarray(0, 8).equals(HDF5)) return 'hdf5';
  if (head.subarray(4, 8).toString('latin1') === 'TFL3') return 'tflite';
  if (head.subarray(0, TORCH_LEGACY.length).equals(TORCH_LEGACY)) return 'torch-legacy';
  if (head.subarray(0, 4).equals(ZIP)) return zipKind(file, head);
  if (isPickle(head)) throw pickle(file);
  if (isSafetensors(head, file.size)) return 'safetensors';
  if (/^(\ufeff)?\s*\{/.test(head.toString('utf8'))) return 'json';
  return protobufKind(head, file.size);
}

/** A zip that PyTorch wrote holds a folder with data.pkl, as its first member in every version so far. */
function zipKind(file: LocalFile, head: Buffer): FileKind {
  const length = head.length >= 30 ? head.readUInt16LE(26) : 0;
  const first = head.subarray(30, 30 + length).toString('utf8');
  if (/^[^/]+\/data\.pkl$/.test(first)) return 'torch-zip';
  if (/\.(pkl|pickle)$/i.test(first)) throw pickle(file);
  return 'other';
}

function isPickle(head: Buffer): boolean {
  const [first, second] = head;
  // PROTO 2 to 5, then an opcode that a pickle can go on with; 0x80 alone begins many a binary file.
  if (first === 0x80 && second !== undefined && second >= 2 && second <= 5) return true;
  const text = head.toString('latin1');
  return TEXT_PICKLES.some((pattern) => pattern.test(text));
}

function pickle(file: LocalFile): ZooError {
  return new ZooError('POLICY', `${file.path} is a Python pickle, which runs code when it is loaded`, {
    expected:
      'weights as safetensors, ONNX, TensorFlow.js, TensorFlow Lite, SavedModel, HDF5 or a PyTorch file',
    found: 'a pickle that PyTorch did not write',
    hint: 'Convert it to safetensors where it was made.',
  });
}

/** Eight bytes of header length, then a JSON object. */
function isSafetensors(head: Buffer, size: number): boolean {
  if (head.length < 10 || head[8] !== 0x7b) return false;
  // A length beyond the file is left to the reader, which says what is wrong; only absurd ones are not ours.
  return head.readBigUInt64LE(0) < 2n ** 48n && size > 8;
}

/**
 * Protocol buffers have no magic bytes. Both formats begin with field 1 as a number (ONNX its version of the
 * format, a SavedModel always 1); what a SavedModel goes on with is its one graph, which fills the file.
 */
function protobufKind(head: Buffer, size: number): FileKind {
  const [tag, version = 0, next] = head;
  if (tag !== 0x08 || version < 1 || version > 32 || next === undefined) return 'other';
  if (version === 1 && next === 0x12) {
    const { value, length } = readVarint(head, 3);
    if (length > 0 && value > size / 2 && head[3 + length] === 0x0a) return 'saved-model';
  }
  // producer name and version, domain, model version, documentation, graph, operator sets, metadata
  return [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72].includes(next) ? 'onnx' : 'other';
}

function readVarint(bytes: Buffer, start: number): { value: number; length: number } {
  let value = 0;
  for (let index = 0; index < 5; index++) {
    const byte = bytes[start + index];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, length: index + 1 };
  }
  return { value: 0, length: 0 };
}

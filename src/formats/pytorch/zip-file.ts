/**
 * The layout of `torch.save` since version 1.6: a zip with stored members in one folder. `data.pkl` is the object,
 * `data/<key>` a storage, `byteorder` the order of bytes where it was written down. See `_save` in
 * `torch/serialization.py`. A folder with `constants.pkl` is TorchScript, a program.
 */

import { openZip, type ZipDirectory } from '../../archive/zip-directory.js';
import { ZooError } from '../../core/errors.js';
import type { Span } from '../../core/pieces.js';
import { malformed } from '../../registry/describe/description.js';
import type { RemoteFile } from '../../sources/remote-file.js';
import { PickleBytes, PickleEnds } from './pickle-bytes.js';
import { readPickle } from './pickle-machine.js';
import type { PickleValue } from './pickle-values.js';
import { StorageTable, unitSize } from './storage-reference.js';
import { fillExactly, MAX_PICKLE, type OpenFile, readExactly, type TorchFile } from './torch-file.js';
import { TORCH_GLOBALS } from './torch-globals.js';

/**
 * @throws ZooError `INTEGRITY` when the file is not laid out so, or asks for more than weights need; `UNSAFE_ARCHIVE`
 * when the zip contradicts itself.
 */
export async function readZipFile(file: OpenFile, signal: AbortSignal): Promise<TorchFile> {
  const zip = await openZip(localZip(file), signal);
  const folder = folderOfPickle(file, zip);
  await checkByteOrder(file, zip, folder, signal);
  const pickle = await memberSpan(file, zip, `${folder}data.pkl`, signal);
  const length = pickle.end - pickle.start;
  if (length > MAX_PICKLE) throw malformed(file.path, 'its pickle is too large', MAX_PICKLE, length);
  return {
    root: parse(file, await readExactly(file, pickle.start, length)),
    async locate({ key, type, part }) {
      const { start, end } = await memberSpan(file, zip, `${folder}data/${key}`, signal);
      const expected = part.whole * unitSize(type);
      if (end - start === expected) return start;
      throw malformed(file.path, 'a storage has another length than the pickle says', expected, end - start);
    },
  };
}

function parse({ path }: OpenFile, buffer: Buffer): PickleValue {
  const { load } = new StorageTable();
  try {
    return readPickle(new PickleBytes(buffer), { path, globals: TORCH_GLOBALS, persistent: load });
  } catch (error) {
    if (!(error instanceof PickleEnds)) throw error;
    throw malformed(path, 'its pickle ends in the middle', error.needed, buffer.length);
  }
}

function folderOfPickle({ path }: OpenFile, zip: ZipDirectory): string {
  const pickles = [...zip.entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1) {
    throw malformed(
      path,
      'it is a zip, and no file of PyTorch',
      'one data.pkl in one folder',
      pickles.length,
    );
  }
  const folder = pickle.slice(0, -'data.pkl'.length);
  if (!zip.entries.has(`${folder}constants.pkl`)) return folder;
  throw new ZooError('INTEGRITY', `${path} is a TorchScript program, not a state dict; nothing was run`, {
    expected: 'a file that torch.save wrote of a state_dict()',
    hint: 'Load it with PyTorch, and save its state_dict() as safetensors.',
  });
}

async function checkByteOrder(
  file: OpenFile,
  zip: ZipDirectory,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const name = `${folder}byteorder`;
  if (!zip.entries.has(name)) return;
  const { start, end } = await memberSpan(file, zip, name, signal);
  const order = (await readExactly(file, start, Math.min(end - start, 10))).toString('latin1');
  if (order !== 'little') throw malformed(file.path, 'its numbers are not little-endian', 'little', order);
}

async function memberSpan(
  file: OpenFile,
  zip: ZipDirectory,
  name: string,
  signal: AbortSignal,
): Promise<Span> {
  if (!zip.entries.has(name)) throw malformed(file.path, 'it lacks a member', name.slice(0, 200));
  const { method, span } = await zip.member(name, signal);
  if (method === 'stored') return span;
  throw malformed(file.path, `${name} is packed, which PyTorch never does`, 'a stored member', method);
}

/** The file as the archive room reads it. */
function localZip(file: OpenFile): RemoteFile {
  return {
    label: file.path,
    host: 'file',
    size: file.size,
    async read(span) {
      const { start, end } = span ?? { start: 0, end: file.size };
      return { start, end, total: file.size, body: chunks(file, start, end), cancel: () => {} };
    },
  };
}

const CHUNK = 1024 * 1024;

async function* chunks(file: OpenFile, start: number, end: number): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end; at += CHUNK) {
    const bytes = new Uint8Array(Math.min(CHUNK, end - at));
    await fillExactly(file, bytes, at);
    yield bytes;
  }
}

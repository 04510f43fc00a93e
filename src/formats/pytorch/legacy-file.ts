/**
 * The layout that `torch.save` wrote before version 1.6, and writes with `_use_new_zipfile_serialization=False`. Five
 * pickles one behind the other: a magic number, the version of the protocol, facts of the machine, the object, and the
 * keys of its storages. Then each storage in the order of the keys: how many numbers it has (8 bytes), and the
 * numbers, in the byte order of the machine that saved them. See `_legacy_save` in `torch/serialization.py`.
 */
import { malformed } from '../../registry/describe/description.js';
import { PickleBytes, PickleEnds } from './pickle-bytes.js';
import { readPickle } from './pickle-machine.js';
import type { PickleValue, StorageReference } from './pickle-values.js';
import { StorageTable, unitSize } from './storage-reference.js';
import { MAX_PICKLE, type OpenFile, readExactly, type TorchFile } from './torch-file.js';
import { TORCH_GLOBALS } from './torch-globals.js';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
/** Read at first; pickles of usual networks fit. */
const FIRST_READ = 256 * 1024;

interface Pickles {
  readonly root: PickleValue;
  readonly storages: StorageTable;
  readonly keys: readonly string[];
  /** Where the pickles end and the storages begin. */
  readonly end: number;
}

/** @throws ZooError `INTEGRITY` when the file is not laid out so, or asks for more than weights need. */
export async function readLegacyFile(file: OpenFile): Promise<TorchFile> {
  const pickles = await readPickles(file);
  const places = await findStorages(file, pickles);
  return {
    root: pickles.root,
    locate: async ({ key }) => {
      const place = places.get(key);
      if (place === undefined) throw malformed(file.path, 'a tensor has no storage', key);
      return place;
    },
  };
}

/** Nobody knows beforehand where the pickles end: where the bytes don't suffice, more are read. */
async function readPickles(file: OpenFile): Promise<Pickles> {
  const limit = Math.min(file.size, MAX_PICKLE);
  for (let length = Math.min(limit, FIRST_READ); ; ) {
    try {
      return parse(file, await readExactly(file, 0, length));
    } catch (error) {
      if (!(error instanceof PickleEnds)) throw error;
      if (error.needed > limit) {
        throw malformed(
          file.path,
          'it ends in the middle of a pickle',
          `at most ${limit} bytes`,
          error.needed,
        );
      }
      length = Math.min(limit, Math.max(4 * length, error.needed));
    }
  }
}

function parse({ path }: OpenFile, buffer: Buffer): Pickles {
  const bytes = new PickleBytes(buffer);
  const plain = { path, globals: new Map() };
  const magic = readPickle(bytes, plain);
  if (magic !== MAGIC) throw malformed(path, 'it does not begin as a file of PyTorch does');
  const protocol = readPickle(bytes, plain);
  if (protocol !== PROTOCOL) {
    throw malformed(
      path,
      'it has another version of the protocol',
      PROTOCOL,
      typeof protocol === 'number' ? protocol : '',
    );
  }
  const machine = readPickle(bytes, plain);
  if (!(machine instanceof Map) || machine.get('little_endian') !== true) {
    throw malformed(path, 'its numbers are not little-endian');
  }
  const storages = new StorageTable();
  const root = readPickle(bytes, { path, globals: TORCH_GLOBALS, persistent: storages.load });
  const keys = readPickle(bytes, plain);
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string')) {
    throw malformed(path, 'the keys of its storages are no list of texts');
  }
  return { root, storages, keys, end: bytes.position };
}

/** Goes from storage to storage: each tells its own length. */
async function findStorages(file: OpenFile, { storages, keys, end }: Pickles): Promise<Map<string, number>> {
  const places = new Map<string, number>();
  let at = end;
  for (const key of keys) {
    const storage: StorageReference | undefined = storages.get(key);
    if (storage === undefined || places.has(key)) {
      throw malformed(file.path, `the storage ${JSON.stringify(key.slice(0, 50))} is unknown or there twice`);
    }
    const count = (await readExactly(file, at, 8)).readBigUInt64LE(0);
    if (count !== BigInt(storage.count)) {
      throw malformed(
        file.path,
        'a storage has another length than the pickle says',
        storage.count,
        String(count),
      );
    }
    places.set(key, at + 8);
    at += 8 + storage.count * unitSize(storage.type);
    if (at > file.size) throw malformed(file.path, 'it ends in the middle of a storage', at, file.size);
  }
  return places;
}

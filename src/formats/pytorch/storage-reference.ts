/**
 * The persistent ids by which a pickle of PyTorch refers to its storages: tuples that begin with `storage`, as
 * `torch/serialization.py` writes them. The legacy layout adds which part of a larger storage is meant.
 */
import { PickleFault } from './pickle-bytes.js';
import {
  KnownGlobal,
  type NumberType,
  PickleTuple,
  type PickleValue,
  StorageReference,
} from './pickle-values.js';
import { natural } from './torch-globals.js';

/** Storages by key; one that is referred to twice has to be the same both times. */
export class StorageTable {
  readonly #byKey = new Map<string, StorageReference>();

  get(key: string): StorageReference | undefined {
    return this.#byKey.get(key);
  }

  get keys(): readonly string[] {
    return [...this.#byKey.keys()];
  }

  /** For `PickleOptions.persistent`. */
  readonly load = (id: PickleValue): StorageReference => {
    const [kind, type, key, , count, part] = id instanceof PickleTuple ? id.items : [];
    if (kind !== 'storage') throw new PickleFault('the pickle refers to something other than a storage');
    if (!(type instanceof KnownGlobal) || !('storage' in type.meaning) || typeof key !== 'string') {
      throw new PickleFault('a storage has no known type, or no key');
    }
    return this.#add(key, type.meaning.storage, natural(count, 'the length of a storage'), part ?? null);
  };

  #add(key: string, type: NumberType | 'untyped', count: number, part: PickleValue): StorageReference {
    const known = this.#byKey.get(key);
    const whole = known ?? new StorageReference(key, type, count);
    if (whole.count !== count || typeName(whole.type) !== typeName(type)) {
      throw new PickleFault(`the storage ${JSON.stringify(key.slice(0, 50))} is described in two ways`);
    }
    this.#byKey.set(key, whole);
    if (part === null) return whole;
    const [, start, length] = part instanceof PickleTuple ? part.items : [];
    const offset = natural(start, 'the offset of a part of a storage');
    const size = natural(length, 'the length of a part of a storage');
    if (offset + size > count) throw new PickleFault('a part of a storage reaches beyond it');
    return new StorageReference(key, type, size, { offset, whole: count });
  }
}

function typeName(type: NumberType | 'untyped'): string {
  return type === 'untyped' ? type : type.name;
}

/** Bytes of one of the things that the reference counts. */
export function unitSize(type: NumberType | 'untyped'): number {
  return type === 'untyped' ? 1 : type.size;
}

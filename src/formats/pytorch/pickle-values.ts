/** What a pickle of weights is made of once it is read: plain values, and descriptions of tensors. */

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleTuple
  | PickleDict
  | Set<PickleValue>
  | KnownGlobal
  | StorageReference
  | TensorReference;

/** Also the order of the entries is that of the file. */
export type PickleDict = Map<PickleValue, PickleValue>;

export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

/** A number type of PyTorch, by the name that safetensors has for it. */
export interface NumberType {
  readonly name: string;
  /** Bytes of a number. */
  readonly size: number;
}

/** Pays for work that grows with what a call is given. @throws PickleFault when a pickle asks for too much. */
export type Spend = (steps: number) => void;

/** One of the few names that a pickle may ask for. None of them runs anything of Python. */
export class KnownGlobal {
  constructor(
    readonly name: string,
    readonly meaning:
      | { readonly call: (args: readonly PickleValue[], spend: Spend) => PickleValue }
      | { readonly storage: NumberType | 'untyped' }
      | { readonly dtype: NumberType },
  ) {}
}

/** Where numbers lie; nothing of them has been read yet. */
export class StorageReference {
  constructor(
    readonly key: string,
    readonly type: NumberType | 'untyped',
    /** Numbers in it; bytes where it is untyped. */
    readonly count: number,
    /** Numbers of the stored whole in front of this part of it, and in all of it. */
    readonly part: { readonly offset: number; readonly whole: number } = { offset: 0, whole: count },
  ) {}
}

/** A tensor: a view of a storage. Offset and strides are in numbers. */
export class TensorReference {
  constructor(
    readonly storage: StorageReference,
    readonly type: NumberType,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

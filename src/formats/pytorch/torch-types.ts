/** The number types of PyTorch's storages and dtypes. */
import { KnownGlobal, type NumberType } from './pickle-values.js';

const TYPES: readonly { storage?: string; dtypes: readonly string[]; name: string; size: number }[] = [
  { storage: 'Float', dtypes: ['float32', 'float'], name: 'F32', size: 4 },
  { storage: 'Double', dtypes: ['float64', 'double'], name: 'F64', size: 8 },
  { storage: 'Half', dtypes: ['float16', 'half'], name: 'F16', size: 2 },
  { storage: 'BFloat16', dtypes: ['bfloat16'], name: 'BF16', size: 2 },
  { storage: 'Long', dtypes: ['int64', 'long'], name: 'I64', size: 8 },
  { storage: 'Int', dtypes: ['int32', 'int'], name: 'I32', size: 4 },
  { storage: 'Short', dtypes: ['int16', 'short'], name: 'I16', size: 2 },
  { storage: 'Char', dtypes: ['int8'], name: 'I8', size: 1 },
  { storage: 'Byte', dtypes: ['uint8'], name: 'U8', size: 1 },
  { storage: 'Bool', dtypes: ['bool'], name: 'BOOL', size: 1 },
  // These came with untyped storages and have no storage class of their own.
  { dtypes: ['uint16'], name: 'U16', size: 2 },
  { dtypes: ['uint32'], name: 'U32', size: 4 },
  { dtypes: ['uint64'], name: 'U64', size: 8 },
];

/** `torch.FloatStorage`, `torch.storage.UntypedStorage`, `torch.float32` … */
export function typeGlobals(): KnownGlobal[] {
  const untyped = ['torch.storage.UntypedStorage', 'torch.UntypedStorage'];
  return [
    ...untyped.map((name) => new KnownGlobal(name, { storage: 'untyped' })),
    ...TYPES.flatMap(({ storage, dtypes, name, size }) => {
      const type: NumberType = { name, size };
      const globals = dtypes.map((dtype) => new KnownGlobal(`torch.${dtype}`, { dtype: type }));
      return storage === undefined
        ? globals
        : [new KnownGlobal(`torch.${storage}Storage`, { storage: type }), ...globals];
    }),
  ];
}

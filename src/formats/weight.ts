/** One tensor as a file of weights holds it, before it is TensorFlow's. */

/** Types that the readers give. F16 and BF16 come as float32, I64 as int32 where every value fits. */
export type WeightData = Float32Array | Int32Array | Uint8Array;

export interface Weight {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  /** Row-major, contiguous. */
  readonly data: WeightData;
}

/** By the names in the file, in the order of the file. */
export type Weights = ReadonlyMap<string, Weight>;

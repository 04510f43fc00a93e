/** The weights manifest of TensorFlow.js: which tensors lie in which files. */
import * as z from 'zod';
import { elementCount, type LocalFile, malformed } from './description.js';

const MAX_TENSORS = 1_000_000;

const weightSchema = z.looseObject({
  name: z.string(),
  shape: z.array(z.int().min(0)).max(16),
  dtype: z.enum(['float32', 'float16', 'int32', 'bool', 'string', 'complex64', 'uint8', 'uint16']),
  quantization: z
    .looseObject({ dtype: z.enum(['uint8', 'uint16', 'float16', 'float32', 'int32', 'bool']) })
    .optional(),
});
const manifestSchema = z.array(
  z.looseObject({ paths: z.array(z.string()).max(100_000), weights: z.array(weightSchema).max(MAX_TENSORS) }),
);

export type TfjsWeight = z.infer<typeof weightSchema>;

const BYTES: Record<string, number> = {
  float32: 4,
  float16: 2,
  int32: 4,
  bool: 1,
  complex64: 8,
  uint8: 1,
  uint16: 2,
};

export interface WeightsManifest {
  readonly weights: readonly TfjsWeight[];
  /** Paths of the weight files, relative to the folder of the model.json. */
  readonly paths: readonly string[];
  /** Numbers in all tensors; strings are not numbers. */
  readonly parameters: number;
  readonly quantised: string | undefined;
}

/**
 * Reads a manifest and checks it against the weight files that are there.
 * @param folder path of the model.json's folder in the card, with a slash at its end or empty.
 * @throws ZooError `INTEGRITY` when a group of weights needs other bytes than its files have.
 */
export function readManifest(
  json: unknown,
  model: LocalFile,
  folder: string,
  files: readonly LocalFile[],
): WeightsManifest {
  const read = manifestSchema.safeParse(json);
  if (!read.success) {
    const where = read.error.issues[0]?.path.join('.') ?? '';
    throw malformed(model.path, `its weightsManifest is wrong at ${where || 'the top'}`);
  }
  const sizes = new Map(files.map((file) => [file.path, file.size]));
  let parameters = 0;
  const quantised = new Map<string, number>();
  for (const group of read.data) {
    let expected: number | undefined = 0;
    for (const weight of group.weights) {
      const count = elementCount(weight.shape, model.path);
      const stored = weight.quantization?.dtype ?? weight.dtype;
      if (weight.quantization) quantised.set(stored, (quantised.get(stored) ?? 0) + count);
      if (weight.dtype !== 'string') parameters += count;
      // A string carries its own length, so the group's bytes are not known beforehand.
      const size = weight.dtype === 'string' ? undefined : BYTES[stored];
      expected = expected === undefined || size === undefined ? undefined : expected + count * size;
    }
    const present = group.paths.map((path) => sizes.get(folder + path));
    if (expected === undefined || present.includes(undefined)) continue;
    const found = present.reduce<number>((sum, size) => sum + (size ?? 0), 0);
    if (found !== expected) {
      throw malformed(
        model.path,
        `its tensors need other bytes than ${group.paths.join(', ').slice(0, 200)} have`,
        expected,
        found,
      );
    }
  }
  const [most] = [...quantised].sort((a, b) => b[1] - a[1]);
  return {
    weights: read.data.flatMap((group) => group.weights),
    paths: read.data.flatMap((group) => group.paths),
    parameters,
    quantised: most?.[0],
  };
}

/** Makes small real files of each format, and damaged ones, in a temporary folder. */
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { Builder } from 'flatbuffers';
import type { LocalFile } from '../../../src/registry/describe/describe-files.js';

export interface Folder {
  readonly path: string;
  add(name: string, content: Uint8Array | string): Promise<LocalFile>;
  remove(): Promise<void>;
}

export async function temporaryFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'zoo-describe-'));
  return {
    path,
    async add(name, content) {
      const file = join(path, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
      return { path: name, file, size: (await stat(file)).size };
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** A safetensors file with any header text and any number of data bytes. */
export function safetensors(header: unknown, dataBytes: number): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([prefix, text, Buffer.alloc(dataBytes)]);
}

type Field = [number, number | string | Uint8Array | Field[]];

/** A protocol buffer message: numbers as varints, text and bytes as they are, lists as messages inside. */
export function message(fields: readonly Field[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [field, value] of fields) {
    if (typeof value === 'number') writer.tag(field, WireType.Varint).int64(value);
    else if (typeof value === 'string') writer.tag(field, WireType.LengthDelimited).string(value);
    else {
      const bytes = value instanceof Uint8Array ? value : message(value);
      writer.tag(field, WireType.LengthDelimited).bytes(bytes);
    }
  }
  return writer.finish();
}

const onnxValue = (name: string, shape: (number | string)[]): Field[] => [
  [1, name],
  [
    2,
    [
      [
        1,
        [
          [1, 1],
          [2, shape.map((size): Field => [1, [typeof size === 'number' ? [1, size] : [2, size]]])],
        ],
      ],
    ],
  ],
];

/** Dense (MatMul, Add) and Softmax: 4 features to `units`. */
export function onnx(units: number, change: { rawBytes?: number; dims?: number[] } = {}): Uint8Array {
  const dims = change.dims ?? [4, units];
  const kernel: Field[] = [
    ...dims.map((dim): Field => [1, dim]),
    [2, 1],
    [8, 'kernel'],
    [9, new Uint8Array(change.rawBytes ?? 16 * units)],
  ];
  const bias: Field[] = [
    [1, units],
    [2, 1],
    [8, 'bias'],
    [9, new Uint8Array(4 * units)],
  ];
  const node = (op: string, name: string, inputs: string[], output: string): Field => [
    1,
    [...inputs.map((input): Field => [1, input]), [2, output], [3, name], [4, op]],
  ];
  return message([
    [1, 8],
    [2, 'tiny'],
    [3, '1.0'],
    [
      7,
      [
        node('Relu', 'relu', ['x'], 'hidden'),
        node('MatMul', 'dense', ['hidden', 'kernel'], 'product'),
        node('Add', 'add', ['product', 'bias'], 'logits'),
        node('Softmax', 'softmax', ['logits'], 'y'),
        [2, 'graph'],
        [5, kernel],
        [5, bias],
        [11, onnxValue('x', ['batch', 4])],
        [12, onnxValue('y', ['batch', units])],
        [13, onnxValue('hidden', ['batch', 4])],
      ],
    ],
    [8, [[2, 17]]],
  ]);
}

/** A SavedModel of one function call, with two variables, an optimizer slot and a counter. */
export function savedModel(op = 'StatefulPartitionedCall'): Uint8Array {
  const shape = (sizes: number[]): Field[] => sizes.map((size): Field => [2, [[1, size]]]);
  const tensor = (key: string, name: string, sizes: number[]): Field[] => [
    [1, key],
    [
      2,
      [
        [1, name],
        [2, 1],
        [3, shape(sizes)],
      ],
    ],
  ];
  const variable = (sizes: number[]): Field => [
    1,
    [
      [
        7,
        [
          [1, 1],
          [2, shape(sizes)],
        ],
      ],
    ],
  ];
  return message([
    [1, 1],
    [
      2,
      [
        [
          1,
          [
            [4, 'serve'],
            [5, '2.18.0'],
          ],
        ],
        [
          2,
          [
            [
              1,
              [
                [1, 'call'],
                [2, op],
              ],
            ],
          ],
        ],
        [
          5,
          [
            [1, 'serving_default'],
            [
              2,
              [
                [1, tensor('x', 'serving_default_x:0', [-1, 4])],
                [2, tensor('y', 'call:0', [-1, 3])],
              ],
            ],
          ],
        ],
        [
          7,
          [
            // 0: the optimizer, whose slot 3 belongs to variable 1
            [
              1,
              [
                [
                  3,
                  [
                    [1, 1],
                    [2, 'm'],
                    [3, 3],
                  ],
                ],
              ],
            ],
            variable([4, 3]),
            variable([3]),
            variable([4, 3]),
            variable([]),
          ],
        ],
      ],
    ],
  ]);
}

/**
 * FullyConnected and Softmax of TensorFlow Lite: 4 features to `units`.
 * @param sharing adds so many tensors that all have one and the same list of 50,000 dimensions.
 */
export function tflite(units: number, sharing = 0): Uint8Array {
  const builder = new Builder(1024);
  const table = (fields: [number, number, 'offset' | 'int' | 'byte'][], size: number) => {
    builder.startObject(size);
    for (const [field, value, kind] of fields) {
      if (kind === 'offset') builder.addFieldOffset(field, value, 0);
      else if (kind === 'int') builder.addFieldInt32(field, value, 0);
      else builder.addFieldInt8(field, value, 0);
    }
    return builder.endObject();
  };
  const ints = (values: number[]) => {
    builder.startVector(4, values.length, 4);
    for (const value of values.toReversed()) builder.addInt32(value);
    return builder.endVector();
  };
  const offsets = (values: number[]) => {
    builder.startVector(4, values.length, 4);
    for (const value of values.toReversed()) builder.addOffset(value);
    return builder.endVector();
  };
  const bytes = (length: number) => {
    builder.startVector(1, length, 1);
    for (let index = 0; index < length; index++) builder.addInt8(0);
    return builder.endVector();
  };
  const buffers = offsets([
    table([], 3),
    table([[0, bytes(16 * units), 'offset']], 3),
    table([[0, bytes(4 * units), 'offset']], 3),
  ]);
  const tensor = (name: string, shape: number[], buffer: number, signature?: number[]) => {
    const fields: [number, number, 'offset' | 'int'][] = [
      [0, ints(shape), 'offset'],
      [2, buffer, 'int'],
      [3, builder.createString(name), 'offset'],
    ];
    if (signature) fields.push([7, ints(signature), 'offset']);
    return table(fields, 9);
  };
  const long = ints(sharing > 0 ? new Array<number>(50_000).fill(1) : []);
  const tensors = offsets([
    ...Array.from({ length: sharing }, () => table([[0, long, 'offset']], 9)),
    tensor('x', [1, 4], 0, [-1, 4]),
    tensor('kernel', [units, 4], 1),
    tensor('bias', [units], 2),
    tensor('logits', [1, units], 0),
    tensor('y', [1, units], 0),
  ]);
  const operator = (code: number, inputs: number[], outputs: number[]) =>
    table(
      [
        [0, code, 'int'],
        [1, ints(inputs), 'offset'],
        [2, ints(outputs), 'offset'],
      ],
      3,
    );
  const operators = offsets([operator(0, [0, 1, 2], [3]), operator(1, [3], [4])]);
  const [graphInputs, graphOutputs] = [ints([0]), ints([4])];
  const graph = table(
    [
      [0, tensors, 'offset'],
      [1, graphInputs, 'offset'],
      [2, graphOutputs, 'offset'],
      [3, operators, 'offset'],
    ],
    5,
  );
  const codes = offsets([
    table(
      [
        [0, 9, 'byte'],
        [3, 9, 'int'],
      ],
      4,
    ),
    table(
      [
        [0, 25, 'byte'],
        [3, 25, 'int'],
      ],
      4,
    ),
  ]);
  const graphs = offsets([graph]);
  const root = table(
    [
      [0, 3, 'int'],
      [1, codes, 'offset'],
      [2, graphs, 'offset'],
      [4, buffers, 'offset'],
    ],
    8,
  );
  builder.finish(root, 'TFL3');
  return builder.asUint8Array();
}

/** A model.json of Keras layers: picture 32x32x3, pooled, to `units` classes; the weights are 2 tensors in 1 file. */
export function tfjsLayers(units: number, change: { layers?: unknown[]; weights?: unknown[] } = {}) {
  const layer = (kind: string, name: string, before: string | undefined, config: object) => ({
    class_name: kind,
    name,
    config: { name, ...config },
    inbound_nodes: before === undefined ? [] : [[[before, 0, 0, {}]]],
  });
  const layers = change.layers ?? [
    layer('InputLayer', 'picture', undefined, { batch_input_shape: [null, 32, 32, 3], dtype: 'float32' }),
    layer('GlobalAveragePooling2D', 'pool', 'picture', {}),
    layer('Reshape', 'reshape', 'pool', { target_shape: [1, 1, 3] }),
    layer('Dropout', 'dropout', 'reshape', { rate: 0.5 }),
    layer('Dense', 'classes', 'dropout', { units, activation: 'linear' }),
    layer('Activation', 'softmax', 'classes', { activation: 'softmax' }),
  ];
  const json = {
    format: 'layers-model',
    generatedBy: 'keras v2.4.0',
    convertedBy: 'TensorFlow.js Converter v3.0.0',
    modelTopology: {
      keras_version: '2.4.0',
      model_config: {
        class_name: 'Functional',
        config: {
          name: 'tiny',
          layers,
          input_layers: [['picture', 0, 0]],
          output_layers: [['softmax', 0, 0]],
        },
      },
    },
    weightsManifest: [
      {
        paths: ['group1-shard1of1.bin'],
        weights: change.weights ?? [
          { name: 'classes/kernel', shape: [3, units], dtype: 'float32' },
          { name: 'classes/bias', shape: [units], dtype: 'float32' },
        ],
      },
    ],
  };
  return { json, text: JSON.stringify(json), weights: new Uint8Array(4 * 4 * units) };
}

/**
 * Writes a SavedModel: one MetaGraph with the tag `serve`, its graph and its signatures. Only the fields that are needed
 * are written; their numbers are those of TensorFlow's `saved_model.proto`, `meta_graph.proto`, `graph.proto`,
 * `node_def.proto`, `attr_value.proto`, `tensor.proto` and `tensor_shape.proto`.
 */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ZooError } from '../core/errors.js';
import type { Tensor } from '../runtime/tensorflow.js';
import { type Attribute, DT, type Edge, type Graph, type GraphNode, type Port } from './graph.js';
import { entry, flag, float, inner, integer, lengthOf, type Piece, type Pieces, text } from './pieces.js';

export const SERVE = 'serve';
const SAVED_MODEL_FILE = 'saved_model.pb';

/** The version of graphs that this one is made for (TensorFlow 2.9 and later read it). */
const PRODUCER = 1087;
/** Bytes from which on a piece is written by itself, and most pieces that are put together. */
const LARGE = 2 ** 14;
const MOST_SMALL = 2 ** 12;
/** Protocol buffers are read up to 2 GiB. */
const MOST_BYTES = 2 ** 31 - 1;

export interface Signature {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/**
 * Writes `saved_model.pb` into `folder`, which is made. Constants are read one at a time.
 * @param signatures by name; `serving_default` is what others look for.
 * @throws ZooError `DATA` when the constants are more than such a file holds.
 */
export function writeSavedModel(
  folder: string,
  graph: Graph,
  signatures: Readonly<Record<string, Signature>>,
): void {
  const pieces = savedModel(graph, signatures);
  const bytes = lengthOf(pieces);
  if (bytes > MOST_BYTES) {
    throw new ZooError('DATA', 'The graph is too large for one file', {
      expected: '2 GiB',
      found: `${bytes} bytes`,
    });
  }
  mkdirSync(folder, { recursive: true });
  const file = openSync(join(folder, SAVED_MODEL_FILE), 'wx');
  try {
    for (const chunk of gather(pieces)) writeWhole(file, chunk);
  } finally {
    closeSync(file);
  }
}

/** Small pieces together, large ones by themselves. */
function* gather(pieces: Pieces): Generator<Uint8Array> {
  let small: Uint8Array[] = [];
  for (const piece of pieces) {
    if (piece.length < LARGE && small.length < MOST_SMALL) {
      small.push(bytesOfPiece(piece));
      continue;
    }
    yield Buffer.concat(small);
    small = [];
    yield bytesOfPiece(piece);
  }
  yield Buffer.concat(small);
}

function bytesOfPiece(piece: Piece): Uint8Array {
  return piece instanceof Uint8Array ? piece : piece.read();
}

function writeWhole(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

function savedModel(graph: Graph, signatures: Readonly<Record<string, Signature>>): Pieces {
  const nodes = [...graph.nodes.values()].flatMap((node) => inner(1, nodeDefinition(node)));
  const definition = [...nodes, ...inner(4, integer(1, PRODUCER))];
  const meta = [
    ...inner(1, text(4, SERVE)),
    ...inner(2, definition),
    ...Object.entries(signatures).flatMap(([name, signature]) =>
      entry(5, name, signatureDefinition(graph, signature)),
    ),
  ];
  return [...integer(1, 1), ...inner(2, meta)];
}

function signatureDefinition(graph: Graph, { inputs, outputs }: Signature): Pieces {
  const port = (field: number) => (each: Port) => entry(field, each.name, tensorInfo(graph, each.edge));
  return [...inputs.flatMap(port(1)), ...outputs.flatMap(port(2)), ...text(3, 'tensorflow/serving/predict')];
}

function tensorInfo(graph: Graph, edge: Edge): Pieces {
  const { dtype, shape } = graph.info(edge);
  return [...text(1, tensorName(edge)), ...integer(2, dtype), ...inner(3, shapeDefinition(shape))];
}

/** How sessions and signatures name an output of a node. */
export function tensorName({ node, output }: Edge): string {
  return `${node}:${output}`;
}

function nodeDefinition({ name, op, inputs, controls = [], attributes, value }: GraphNode): Pieces {
  return [
    ...text(1, name),
    ...text(2, op),
    ...inputs.flatMap(({ node, output }) => text(3, output === 0 ? node : `${node}:${output}`)),
    ...controls.flatMap((control) => text(3, `^${control}`)),
    ...Object.entries(attributes).flatMap(([key, attribute]) => entry(5, key, attributeValue(attribute))),
    ...(value === undefined ? [] : constantAttributes(value)),
  ];
}

function constantAttributes(value: Tensor): Pieces {
  const type = DT[value.dtype];
  const content = {
    length: value.size * bytesPerElement(value),
    read: () => bytesOf(value),
  };
  const tensor = [...integer(1, type), ...inner(2, shapeDefinition(value.shape)), ...inner(4, [content])];
  return [...entry(5, 'dtype', integer(6, type)), ...entry(5, 'value', inner(8, tensor))];
}

function attributeValue(attribute: Attribute): Pieces {
  switch (attribute.kind) {
    case 'string':
      return text(2, attribute.value);
    case 'int':
      return integer(3, attribute.value);
    case 'float':
      return float(4, attribute.value);
    case 'bool':
      return flag(5, attribute.value);
    case 'type':
      return integer(6, attribute.value);
    case 'shape':
      return inner(7, shapeDefinition(attribute.value));
    case 'ints':
      return inner(
        1,
        attribute.value.flatMap((value) => integer(3, value)),
      );
    case 'floats':
      return inner(
        1,
        attribute.value.flatMap((value) => float(4, value)),
      );
    case 'bools':
      return inner(
        1,
        attribute.value.flatMap((value) => flag(5, value)),
      );
  }
}

function shapeDefinition(shape: readonly number[]): Pieces {
  return shape.flatMap((size) => inner(2, integer(1, size)));
}

function bytesPerElement({ dtype }: Tensor): number {
  if (dtype === 'bool') return 1;
  return dtype === 'complex64' ? 8 : 4;
}

function bytesOf(value: Tensor): Uint8Array {
  const numbers: unknown = value.dataSync();
  if (ArrayBuffer.isView(numbers))
    return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  throw new ZooError('FAILED', 'A constant of the graph has no numbers');
}

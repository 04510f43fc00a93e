/** Reads in JavaScript what prepare.mjs wrote. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @returns float32 data and shape of each tensor, by name. */
export function readWeights(folder) {
  const values = numbers(Float32Array, join(folder, 'weights.bin'));
  let at = 0;
  return new Map(
    JSON.parse(readFileSync(join(folder, 'weights.json'), 'utf8')).map(({ name, shape }) => {
      const count = product(shape);
      at += count;
      return [name, { shape, dtype: 'float32', data: values.slice(at - count, at) }];
    }),
  );
}

/** @returns the batches, each `{ values, shape, targets }`: targets [rows, classes] are 1 for the class. */
export function readBatches(folder, { text }) {
  const { shape, classes } = JSON.parse(readFileSync(join(folder, 'inputs.json'), 'utf8'));
  const [batches, ...own] = shape;
  const inputs = numbers(text ? Int32Array : Float32Array, join(folder, 'inputs.bin'));
  const labels = numbers(Int32Array, join(folder, 'labels.bin'));
  const [rows] = own;
  const size = product(own);
  return Array.from({ length: batches }, (_, batch) => {
    const targets = new Float32Array(rows * classes);
    for (let row = 0; row < rows; row++) targets[row * classes + labels[batch * rows + row]] = 1;
    return { values: inputs.slice(batch * size, (batch + 1) * size), shape: own, targets, classes };
  });
}

function numbers(Type, file) {
  const bytes = readFileSync(file);
  return new Type(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

function product(shape) {
  return shape.reduce((sizes, size) => sizes * size, 1);
}

/** The formats that carry a graph: ONNX, TensorFlow Lite, SavedModel. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ZooError } from '../../../src/core/errors.js';
import { describeFiles } from '../../../src/registry/describe/describe-files.js';
import { type Folder, message, onnx, savedModel, temporaryFolder, tflite } from './tiny-files.js';

let folder: Folder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

describe('onnx', () => {
  it('reads inputs, outputs, operator set, parameters and the head', async () => {
    const described = await describeFiles([await folder.add('net', onnx(5))]);
    expect(described.format).toEqual({ name: 'onnx', detail: 'opset 17, written by tiny 1.0, 4 nodes' });
    expect(described.parameters).toBe(4 * 5 + 5);
    expect(described.input).toEqual({ name: 'x', shape: [null, 4], dtype: 'float32' });
    expect(described.output).toEqual({ layer: 'y', units: 5, activation: 'softmax' });
    expect(described.features).toEqual({ layer: 'hidden', width: 4, shape: [null, 4], head: 'dense' });
    expect(described.roles).toEqual({ net: 'weights' });
  });

  it.each([
    ['a tensor with fewer bytes than its shape', () => onnx(5, { rawBytes: 79 })],
    ['a tensor with a huge shape', () => onnx(5, { dims: [2 ** 31, 2 ** 31] })],
    ['a negative dimension', () => onnx(5, { dims: [-4, 5] })],
    ['a file that is cut off', () => onnx(5).subarray(0, -9)],
    ['a file that is cut in half', () => onnx(5).subarray(0, 120)],
    [
      'no graph',
      () =>
        message([
          [1, 8],
          [2, 'tiny'],
          [8, [[2, 17]]],
        ]),
    ],
    [
      'no operator set',
      () =>
        message([
          [1, 8],
          [2, 'tiny'],
          [7, [[2, 'graph']]],
        ]),
    ],
    ['a length beyond the file', () => Buffer.from([0x08, 8, 0x12, 0xff, 0xff, 0xff, 0xff, 0x07, 1])],
    ['a group', () => Buffer.from([0x08, 8, 0x12, 1, 0x41, 0x0b, 0x0c])],
  ])('refuses %s', async (_, make) => {
    await expect(describeFiles([await folder.add('bad', make())])).rejects.toMatchObject({
      code: 'INTEGRITY',
    });
  });
});

describe('tflite', () => {
  it('reads inputs, outputs, parameters and the head', async () => {
    const described = await describeFiles([await folder.add('net', tflite(6))]);
    expect(described.format).toEqual({ name: 'tflite', detail: '2 operations, float32 weights' });
    expect(described.parameters).toBe(4 * 6 + 6);
    expect(described.input).toEqual({ name: 'x', shape: [null, 4], dtype: 'float32' });
    expect(described.output).toEqual({ layer: 'y', units: 6, activation: 'softmax' });
    expect(described.features).toEqual({ layer: 'x', width: 4, shape: [null, 4], head: 'logits' });
  });

  it('refuses lists that are shared to make a small file describe a huge one', async () => {
    const file = await folder.add('bomb', tflite(3, 2000));
    expect(file.size).toBeLessThan(400_000);
    await expect(describeFiles([file])).rejects.toMatchObject({
      code: 'INTEGRITY',
      message: expect.stringContaining('share'),
    });
  });

  it('names the labels that lie beside it', async () => {
    const files = [
      await folder.add('l/net', tflite(3)),
      await folder.add('l/labels.txt', 'cat\ndog\nhorse\n'),
    ];
    const described = await describeFiles(files);
    expect(described.output?.labels).toEqual(['cat', 'dog', 'horse']);
    expect(described.unknown.some((sentence) => sentence.startsWith('output: labels'))).toBe(false);
    const other = await describeFiles(
      [files[0] ?? [], await folder.add('l/labels.txt', 'cat\ndog\n')].flat(),
    );
    expect(other.output?.labels).toBeUndefined();
  });
});

describe('saved-model', () => {
  it('reads the signature and counts the variables that are the network', async () => {
    const files = [
      await folder.add('m/saved_model.pb', savedModel()),
      await folder.add('m/variables/variables.index', 'x'),
      await folder.add('m/variables/variables.data-00000-of-00001', 'x'),
    ];
    const described = await describeFiles(files);
    expect(described.format).toEqual({ name: 'tf-savedmodel', detail: 'TensorFlow 2.18.0' });
    expect(described.parameters).toBe(4 * 3 + 3);
    expect(described.input).toEqual({ name: 'serving_default_x:0', shape: [null, 4], dtype: 'float32' });
    expect(described.output).toEqual({ layer: 'call:0', units: 3 });
    expect(described.roles['m/variables/variables.index']).toBe('weights');
    const alone = await describeFiles(files.slice(0, 1));
    expect(alone.unknown.filter((sentence) => sentence.includes('is not here'))).toHaveLength(2);
  });

  it('refuses a graph that calls Python', async () => {
    const file = await folder.add('saved_model.pb', savedModel('EagerPyFunc'));
    await expect(describeFiles([file])).rejects.toMatchObject({ code: 'POLICY' });
  });
});

describe('damaged files', () => {
  it.each([
    ['onnx', () => onnx(5)],
    ['tflite', () => tflite(5)],
    ['saved-model', () => savedModel()],
  ])('%s: any damage gives a description or an error of ours', async (_, make) => {
    const good = make();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.option(fc.nat(good.length - 1), { freq: 4 }),
        async (changes, cut) => {
          const bytes = Uint8Array.from(good);
          for (const [index, value] of changes) bytes[index] = value;
          const file = await folder.add('damaged', cut === null ? bytes : bytes.subarray(0, cut));
          await describeFiles([file]).catch((error: unknown) => {
            if (!(error instanceof ZooError)) throw error;
          });
        },
      ),
      { numRuns: 200 },
    );
  });
});

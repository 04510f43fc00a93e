import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeFiles } from '../../../src/registry/describe/describe-files.js';
import { type Folder, onnx, temporaryFolder, tflite } from './tiny-files.js';

let folder: Folder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

/** A superblock of version 0 that says where the file ends. */
function hdf5(end: number, bytes: number, version = 0): Buffer {
  const buffer = Buffer.alloc(Math.max(bytes, 48));
  buffer.write('\x89HDF\r\n\x1a\n', 'latin1');
  buffer[8] = version;
  buffer[13] = 8;
  buffer[14] = 8;
  buffer.writeBigUInt64LE(BigInt(end), 40);
  return buffer.subarray(0, bytes);
}

describe('hdf5', () => {
  it('is taken for a network of Keras and says what it did not read', async () => {
    const described = await describeFiles([await folder.add('net', hdf5(200, 200))]);
    expect(described.format.name).toBe('keras-h5');
    expect(described.unknown.some((sentence) => sentence.startsWith('parameters:'))).toBe(true);
  });

  it.each([
    ['is cut off', hdf5(201, 200)],
    ['ends inside its superblock', hdf5(40, 47)],
    ['has an unknown version', hdf5(200, 200, 9)],
  ])('is refused when it %s', async (_, bytes) => {
    await expect(describeFiles([await folder.add('net', bytes)])).rejects.toMatchObject({
      code: 'INTEGRITY',
    });
  });
});

describe('describeFiles', () => {
  it('says of a PyTorch file only what it is', async () => {
    const legacy = Buffer.from('80028a0a6cfc9c46f9206aa850192e80024de903', 'hex');
    const described = await describeFiles([await folder.add('net.bin', legacy)]);
    expect(described.format).toEqual({ name: 'pytorch', detail: 'legacy (non-zip) pickle' });
    expect(described.parameters).toBeUndefined();
  });

  it('describes the largest of several networks and names the others', async () => {
    const small = await folder.add('melspectrogram.bin', tflite(2));
    const large = await folder.add('main.bin', tflite(200));
    const twin = await folder.add('twin.onnx', onnx(2));
    const described = await describeFiles([small, large]);
    expect(described.output?.units).toBe(200);
    expect(described.unknown).toContain('files: melspectrogram.bin is a network too; main.bin was described');
    expect((await describeFiles([small, large, twin])).format.name).toBe('onnx');
  });

  it('names files whose role nothing tells', async () => {
    const files = [
      await folder.add('net.onnx', onnx(2)),
      await folder.add('LICENSE', 'MIT'),
      await folder.add('README.md', '# Net'),
      await folder.add('other.dat', 'x'),
    ];
    const described = await describeFiles(files);
    expect(described.roles).toEqual({ 'net.onnx': 'weights', LICENSE: 'license', 'README.md': 'readme' });
    expect(described.unknown).toContain('files: the role of other.dat');
  });

  it('gives up where nothing is a network', async () => {
    const file = await folder.add('words.txt', 'hello');
    await expect(describeFiles([file])).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(describeFiles([])).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

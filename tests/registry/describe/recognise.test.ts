import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeFiles } from '../../../src/registry/describe/describe-files.js';
import { recognise } from '../../../src/registry/describe/recognise.js';
import {
  type Folder,
  onnx,
  safetensors,
  savedModel,
  temporaryFolder,
  tfjsLayers,
  tflite,
} from './tiny-files.js';

let folder: Folder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

/** A zip whose first member has this name; the rest of the file does not matter for its kind. */
function zip(first: string): Buffer {
  const header = Buffer.alloc(30);
  header.write('PK\x03\x04', 'latin1');
  header.writeUInt16LE(first.length, 26);
  return Buffer.concat([header, Buffer.from(first), Buffer.alloc(64)]);
}

const LEGACY_TORCH = Buffer.from('80028a0a6cfc9c46f9206aa850192e80024de903', 'hex');
const HDF5 = Buffer.concat([Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), Buffer.alloc(100)]);

describe('recognise', () => {
  it.each([
    ['safetensors', () => safetensors({}, 0)],
    ['onnx', () => onnx(3)],
    ['saved-model', () => savedModel()],
    ['tflite', () => tflite(3)],
    ['json', () => tfjsLayers(3).text],
    ['torch-zip', () => zip('archive/data.pkl')],
    ['torch-legacy', () => LEGACY_TORCH],
    ['hdf5', () => HDF5],
    ['other', () => zip('keras_metadata.json')],
    ['other', () => 'plain words\nand more'],
    ['other', () => ''],
    ['other', () => Buffer.from([0x80])],
    ['other', () => Buffer.alloc(600)],
  ])('tells %s by its first bytes, whatever it is called', async (kind, make) => {
    for (const name of ['weights.bin', 'model.onnx', 'x.pkl', 'LICENSE']) {
      expect(await recognise(await folder.add(name, make()))).toBe(kind);
    }
  });

  it.each([
    ['of protocol 2', Buffer.from('\x80\x02cos\nsystem\nX\x02\x00\x00\x00id\x85R.', 'latin1')],
    ['of protocol 4', Buffer.from('\x80\x04\x95\x1f\x00\x00\x00\x00\x00\x00\x00', 'latin1')],
    ['of protocol 0', Buffer.from("cos\nsystem\n(S'id'\ntR.")],
    ['of protocol 0 behind marks', Buffer.from("(cposix\nsystem\nS'id'\ntR.")],
    ['of protocol 0 with INST', Buffer.from("(S'id'\nios\nsystem\n.")],
    ['in a zip that PyTorch did not write', zip('evil.pkl')],
  ])('refuses a pickle %s under any name', async (_, bytes) => {
    for (const name of ['model.safetensors', 'labels.txt', 'weights.bin']) {
      const file = await folder.add(name, bytes);
      await expect(describeFiles([file])).rejects.toMatchObject({ code: 'POLICY' });
    }
  });

  it('does not take words for a pickle', async () => {
    for (const text of [
      'cat\ndog\n',
      'cat\ndog\nparrot\n',
      'cat\ndog\nquail\n',
      'cat\ndog\nSparrow\n',
      '(i)\n(ii)\n',
    ]) {
      expect(await recognise(await folder.add('labels.txt', text))).toBe('other');
    }
  });
});

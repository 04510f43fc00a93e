import { describe, expect, it } from 'vitest';
import { readStateDict } from '../../../src/formats/pytorch/read-state-dict.js';
import type { Weight } from '../../../src/formats/weight.js';
import { thrownBy } from '../../support/thrown-by.js';
import { floats, legacy, op, tensor } from './pickle-builder.js';
import { bytesOf, type GoldenTensor, readBytes, torchFiles } from './torch-fixtures.js';

const FLOATS = ['float32', 'float64', 'float16', 'bfloat16'];

/** A tensor as the golden file writes it. */
function written({ shape, dtype, data }: Weight): Omit<GoldenTensor, 'dtype'> & { dtype: string } {
  const values =
    data instanceof Float32Array
      ? [...new Uint32Array(data.buffer, data.byteOffset, data.length)].map((bits) =>
          bits.toString(16).padStart(8, '0'),
        )
      : [...data];
  return { shape, dtype, values };
}

function expected({ shape, dtype, values }: GoldenTensor) {
  if (FLOATS.includes(dtype)) return { shape, dtype: 'float32', values };
  return { shape, dtype: dtype === 'bool' ? 'bool' : 'int32', values };
}

describe('files that PyTorch wrote', () => {
  it.each(torchFiles.cases)('$name', async (file) => {
    const weights = await readBytes(bytesOf(file), file.entry === undefined ? {} : { entry: file.entry });
    expect([...weights.keys()]).toEqual(Object.keys(file.tensors));
    for (const [name, tensor] of Object.entries(file.tensors)) {
      const weight = weights.get(name);
      if (weight === undefined) throw new Error(`no ${name}`);
      expect(written(weight), name).toEqual(expected(tensor));
    }
  });

  it('are read in part where not all is wanted', async () => {
    for (const file of torchFiles.cases.filter(({ name }) => name.startsWith('views'))) {
      const weights = await readBytes(bytesOf(file), { wanted: (name) => name === 'transposed' });
      expect([...weights.keys()]).toEqual(['transposed']);
    }
  });

  it('have each a way out by the signal', async () => {
    const [file] = torchFiles.cases;
    if (file === undefined) throw new Error('no case');
    const reason = new Error('enough');
    await expect(readBytes(bytesOf(file), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe('files that ask for more than weights', () => {
  it.each(torchFiles.attacks)('$name', async (file) => {
    const error = await thrownBy(() => readBytes(bytesOf(file)));
    expect(error).toMatchObject({ code: 'INTEGRITY', exitCode: 4 });
    expect(error.message).toContain(file.refused);
  });

  it('is a TorchScript program', async () => {
    const error = await thrownBy(() => readBytes(bytesOf({ base64: torchFiles.torchscript })));
    expect(error).toMatchObject({ code: 'INTEGRITY', message: expect.stringContaining('TorchScript') });
  });
});

describe('numbers that do not fit', () => {
  it.each(torchFiles.too_long)('an int64 of 2^31', async (base64) => {
    const error = await thrownBy(() => readBytes(bytesOf({ base64 })));
    expect(error).toMatchObject({ code: 'DATA', exitCode: 7, found: '2147483648' });
  });

  it.each(torchFiles.big_endian)('of another byte order, $name', async (file) => {
    expect(await thrownBy(() => readBytes(bytesOf(file)))).toMatchObject({
      code: 'INTEGRITY',
      message: expect.stringContaining('little-endian'),
    });
  });
});

describe('which dictionary is the weights', () => {
  const weight = tensor({ storage: { key: '0', count: 2 }, shape: [2], strides: [1] });
  const file = (root: Uint8Array) => legacy({ root, keys: ['0'], storages: floats([1, 2]) });
  const dict = op.dict(op.text('w'), weight);

  it.each(['state_dict', 'model_state', 'model', 'model_state_dict'])('the entry %s', async (entry) => {
    const weights = await readBytes(file(op.dict(op.text('epoch'), op.int(3), op.text(entry), dict)));
    expect([...weights.keys()]).toEqual(['w']);
  });

  it('not two of them, unless one is named', async () => {
    const both = file(op.dict(op.text('model'), dict, op.text('state_dict'), dict));
    const error = await thrownBy(() => readBytes(both));
    expect(error).toMatchObject({ code: 'INTEGRITY', found: 'model, state_dict' });
    expect((await readBytes(both, { entry: 'model' })).size).toBe(1);
  });

  it('not a named entry that is none', async () => {
    const whole = file(op.dict(op.text('model'), dict, op.text('epoch'), op.int(3)));
    const missing = await thrownBy(() => readBytes(whole, { entry: 'ema' }));
    expect(missing).toMatchObject({ code: 'NOT_FOUND', exitCode: 3, found: 'model, epoch' });
    const number = await thrownBy(() => readBytes(whole, { entry: 'epoch' }));
    expect(number).toMatchObject({ code: 'INTEGRITY' });
  });

  it.each([
    ['a list', op.list(weight)],
    ['a tensor', weight],
    ['an empty dictionary', op.emptyDict],
    ['tensors and a number', op.dict(op.text('w'), weight, op.text('n'), op.int(1))],
    ['tensors without texts as names', op.dict(op.int(1), weight)],
  ])('not %s', async (_, root) => {
    expect(await thrownBy(() => readBytes(file(root)))).toMatchObject({ code: 'INTEGRITY' });
  });
});

it('says when there is no such file', async () => {
  expect(await thrownBy(() => readStateDict('nowhere.pth'))).toMatchObject({ code: 'NOT_FOUND' });
});

it.each([
  ['nothing', ''],
  ['a text', 'weights'],
  ['a picture', '\x89PNG\r\n'],
  ['half a zip', 'PK\x03\x04'],
])('refuses %s', async (_, text) => {
  const error = await thrownBy(() => readBytes(Buffer.from(text, 'latin1')));
  expect(error.exitCode).toBe(4);
});

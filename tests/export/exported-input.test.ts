import fc from 'fast-check';
import { expect, it } from 'vitest';
import { geometry, outputSize } from '../../src/data/image/geometry.js';
import { exportedInput } from '../../src/export/exported-input.js';
import { tf } from '../../src/runtime/tensorflow.js';
import { IMAGE_INPUT } from '../transfer/tiny-network.js';

if (IMAGE_INPUT.modality !== 'image') throw new Error('not pictures');
const { resize: _, ...plain } = IMAGE_INPUT;

it.each([
  ['squeezed', { ...plain, resize: { to: [224, 224] as [number, number] } }],
  [
    'shorter side and crop',
    { ...plain, resize: { shorterSide: 256 }, crop: { centre: [224, 224] as [number, number] } },
  ],
  [
    'squeezed and crop',
    {
      ...plain,
      resize: { to: [256, 256] as [number, number] },
      crop: { centre: [224, 224] as [number, number] },
    },
  ],
  ['neither', plain],
])('%s: the card of the export asks for the very pixels that the model was given', (_, input) => {
  const side = fc.integer({ min: 8, max: 400 });
  fc.assert(
    fc.property(side, side, side, (height, width, chosen) => {
      const size = { height: chosen, width: chosen };
      const inputs = tf.zeros([1, chosen, chosen, 3]);
      const written = exportedInput(
        { ...input, layout: 'NCHW', shape: [null, 3, 224, 224] },
        { example: { inputs, mask: undefined } },
      );
      inputs.dispose();
      if (written.modality !== 'image') throw new Error('not pictures');
      expect(written).toMatchObject({ layout: 'NHWC', shape: [null, chosen, chosen, 3] });
      expect(outputSize(written, undefined)).toEqual(size);
      const wanted = geometry({ height, width }, input, size);
      expect(geometry({ height, width }, written, size)).toEqual(wanted);
    }),
  );
});

it('sound and text stay as they are', () => {
  const input = { modality: 'text', maxLength: 12 } as const;
  expect(exportedInput(input, { example: { inputs: {}, mask: undefined } })).toBe(input);
});

import { describe, expect, it } from 'vitest';
import { pictureShape } from '../../../src/training/scratch/picture-shape.js';
import { thrownBy } from '../../support/thrown-by.js';
import { dataset, example, picture, texts } from '../../transfer/sample-data.js';

const of = (...sizes: readonly [width: number, height: number, grey: boolean][]) =>
  dataset(
    'image',
    sizes.map(([width, height, grey], index) =>
      example(`${index}`, () => picture(index, width, height, grey), ['a']),
    ),
  );

describe('pictureShape', () => {
  it('follows from the examples', async () => {
    expect(await pictureShape(of([28, 28, true], [28, 20, true]), {}, 6)).toEqual({ size: 28, channels: 1 });
    expect(await pictureShape(of([10, 14, true], [8, 8, false]), {}, 6)).toEqual({ size: 14, channels: 3 });
    expect(await pictureShape(of([300, 200, false]), {}, 6)).toEqual({ size: 64, channels: 3 });
  });

  it('is no smaller than what a network takes, unless that was said', async () => {
    expect((await pictureShape(of([28, 20, true]), {}, 32)).size).toBe(32);
    expect((await pictureShape(of([40, 20, true]), {}, 32)).size).toBe(40);
    expect((await pictureShape(of([40, 20, true]), { size: 20 }, 32)).size).toBe(20);
  });

  it('sees colour at the end of sorted data', async () => {
    const grey = Array.from({ length: 40 }, () => [8, 8, true] as [number, number, boolean]);
    const shape = await pictureShape(
      of(...grey, ...grey.map(() => [8, 8, false] as [number, number, boolean])),
      {},
      6,
    );
    expect(shape.channels).toBe(3);
  });

  it('is what was said', async () => {
    expect(await pictureShape(of([300, 200, false]), { size: 200, channels: 1 }, 6)).toEqual({
      size: 200,
      channels: 1,
    });
  });

  it('refuses what is no picture', async () => {
    expect(await thrownBy(() => pictureShape(texts('a', 'b'), {}, 6))).toMatchObject({
      code: 'DATA',
      expected: 'pictures',
      found: 'text in samples',
    });
    expect(await thrownBy(() => pictureShape(of(), {}, 6))).toMatchObject({ code: 'DATA' });
    expect(await thrownBy(() => pictureShape(of([8, 8, true]), { channels: 2 }, 6))).toMatchObject({
      code: 'USAGE',
      found: 2,
    });
  });
});

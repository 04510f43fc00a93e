import { describe, expect, it, vi } from 'vitest';
import { decodeImage } from '../../../src/data/image/decode.js';
import golden from '../../golden/bmp.json' with { type: 'json' };
import { thrownBy } from '../../support/thrown-by.js';

// What Node says where an optional package was left out.
vi.mock('sharp', () => {
  throw Object.assign(new Error("Cannot find package 'sharp'"), { code: 'ERR_MODULE_NOT_FOUND' });
});

describe('without sharp', () => {
  it('pictures say what is missing and how to get it; BMP needs nothing', async () => {
    const png = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
    const error = await thrownBy(() => decodeImage(png));
    expect([error.code, error.exitCode]).toEqual(['NO_RUNTIME', 8]);
    expect(error.hint).toContain('npm install sharp');
    const file = golden.files.find(({ name }) => name === '24 bits');
    expect(await decodeImage(Buffer.from(file?.file ?? '', 'base64'))).toMatchObject({
      width: 13,
      height: 7,
    });
  });
});

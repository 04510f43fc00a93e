/** Single files as examples: what is read, and what can't be. */
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import { fileExample } from '../../src/data/file-example.js';
import type { Modality } from '../../src/registry/card-names.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { thrownBy } from '../support/thrown-by.js';
import { folderOf, picture, recording } from './folder-of.js';

const exampleOf = (path: string, modality: Modality) =>
  fileExample({ path, modality, name: 'x', labels: [] });

describe('a file', () => {
  it('is a picture, a recording or a text, as the network takes it', async () => {
    const folder = await folderOf({ a: await picture(), b: recording(), c: 'Grüße\n' });
    expect(await exampleOf(join(folder, 'a'), 'image').load()).toMatchObject({ kind: 'image', width: 6 });
    expect(await exampleOf(join(folder, 'b'), 'audio').load()).toMatchObject({
      kind: 'audio',
      sampleRate: 8000,
    });
    const text = exampleOf(join(folder, 'c'), 'text');
    expect(await text.load()).toEqual({ kind: 'text', text: 'Grüße\n' });
    expect(await text.digest()).toBe(sha256('Grüße\n'));
  });

  it('has a target and a part only where they are given', () => {
    expect(exampleOf('x', 'text')).not.toHaveProperty('target');
    expect(
      fileExample({ path: 'x', modality: 'text', name: 'x', labels: [], target: 2, part: 'test' }),
    ).toMatchObject({
      target: 2,
      part: 'test',
    });
  });

  it.each(['image', 'audio', 'text'] as const)(
    'that is missing, or a folder, says so: %s',
    async (modality) => {
      const folder = await temporaryFolder();
      const missing = join(folder, 'none');
      const error = await thrownBy(() => exampleOf(missing, modality).load());
      expect([error.code, error.message]).toEqual(['NOT_FOUND', `No such file: ${missing}`]);
      expect((await thrownBy(() => exampleOf(folder, modality).load())).code).toBe('DATA');
      const signal = AbortSignal.abort(new Error('enough'));
      await expect(exampleOf(missing, modality).load(signal)).rejects.toThrow('enough');
    },
  );

  it('that holds something else says so', async () => {
    const folder = await folderOf({ a: Buffer.of(0x47, 0xfc, 0x6e), b: 'text' });
    const latin = await thrownBy(() => exampleOf(join(folder, 'a'), 'text').load());
    expect([latin.code, latin.message]).toEqual(['DATA', `${join(folder, 'a')} is not text in UTF-8`]);
    expect((await thrownBy(() => exampleOf(join(folder, 'b'), 'image').load())).code).toBe('DATA');
    expect((await thrownBy(() => exampleOf(join(folder, 'b'), 'audio').load())).code).toBe('DATA');
  });

  it('that is far too large is not read', async () => {
    const path = join(await temporaryFolder(), 'huge');
    await writeFile(path, '');
    await truncate(path, 2 ** 33);
    for (const modality of ['image', 'audio', 'text'] as const) {
      const error = await thrownBy(() => exampleOf(path, modality).load());
      expect([error.code, error.message]).toEqual(['DATA', `${path} is too large for one example`]);
    }
  });
});

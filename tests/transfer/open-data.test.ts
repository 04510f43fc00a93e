import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cardDigest } from '../../src/registry/canonical-card.js';
import { openData, pullNetwork } from '../../src/transfer/open-data.js';
import { openZoo, type Zoo } from '../../src/zoo/open-zoo.js';
import { CHECKOUT_HOME } from '../support/checkout-home.js';
import { realModel } from '../support/real-model.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { thrownBy } from '../support/thrown-by.js';

let zoo: Zoo;
let cwd: string;

beforeAll(async () => {
  await Promise.all([realModel('dataset/digits'), realModel('guesslang')]);
  zoo = await openZoo({ home: CHECKOUT_HOME });
  cwd = await temporaryFolder('data');
});

afterAll(() => zoo.close());

describe('data', () => {
  it('is a data set of the zoo, by its name', async () => {
    const digits = await openData(zoo, 'dataset/digits', { cwd });
    expect(digits).toMatchObject({
      modality: 'image',
      labels: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    });
    expect(digits.examples).toHaveLength(1797);
    expect((await openData(zoo, 'digits', { cwd, tolerate: 0.5 })).tolerate).toBe(0.5);
  });

  it('is what lies at the path, where something does', async () => {
    await mkdir(join(cwd, 'digits', 'a'), { recursive: true });
    await writeFile(join(cwd, 'digits', 'a', 'one.txt'), 'some words');
    const local = await openData(zoo, 'digits', { cwd });
    expect(local).toMatchObject({ modality: 'text', labels: ['a'] });
    expect(local.examples).toHaveLength(1);
  });

  it('is no network, and not nothing', async () => {
    expect(await thrownBy(() => openData(zoo, 'guesslang', { cwd }))).toMatchObject({
      code: 'DATA',
      message: 'guesslang is a network, not data',
    });
    for (const name of ['no-such-thing', './no/such/folder', '/no/such/folder']) {
      expect((await thrownBy(() => openData(zoo, name, { cwd }))).code, name).toBe('NOT_FOUND');
    }
  });
});

it('a network comes with its folder and the digest of its card; a data set is none', async () => {
  const { card, folder } = await realModel('guesslang');
  expect(await pullNetwork(zoo, 'guesslang')).toEqual({
    id: 'text/guesslang@1.0.0',
    folder,
    card,
    digest: cardDigest(card),
  });
  expect((await thrownBy(() => pullNetwork(zoo, 'dataset/digits'))).exitCode).toBe(7);
});

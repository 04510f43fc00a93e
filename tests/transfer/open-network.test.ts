import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseCard } from '../../src/registry/parse-card.js';
import { tf } from '../../src/runtime/tensorflow.js';
import { canOpen, openNetwork } from '../../src/transfer/open-network.js';
import { realModel } from '../support/real-model.js';
import { sampleCard } from '../support/sample-card.js';
import { thrownBy } from '../support/thrown-by.js';

const registry = (path: string) => fileURLToPath(new URL(`../../registry/${path}.json`, import.meta.url));

describe('formats that can not be opened', () => {
  it.each([
    'image/mobilenet-v1/1.0.0',
    'image/resnet8-cifar10/1.0.0',
    'audio/basic-pitch-savedmodel/1.0.0',
    'text/magika/1.0.0',
  ])('%s: said in words, with what can be taken in its place', async (path) => {
    const card = parseCard(await readFile(registry(path), 'utf8'), path);
    const error = await thrownBy(() => openNetwork('nowhere', card));
    expect(error).toMatchObject({ code: 'DATA', exitCode: 7, found: card.format.name });
    expect(error.message).toBe(
      `${card.name} is in the format ${card.format.name}, which can't be opened yet`,
    );
    expect(canOpen(card.format.name)).toBe(false);
  });

  it.skipIf(!existsSync(new URL('../../dist/catalogue.sqlite', import.meta.url)))(
    'networks of the same task are named (skipped before the index is built)',
    async () => {
      const path = 'image/mobilenet-v1/1.0.0';
      const card = parseCard(await readFile(registry(path), 'utf8'), path);
      const { hint } = await thrownBy(() => openNetwork('nowhere', card));
      expect(hint).toMatch(/^For the same task there are /);
      expect(hint).toMatch(/mobilenet-v2|resnet50|efficientnet-lite0/);
      expect(hint).not.toMatch(/resnet8|visual-wake-words/);
    },
  );

  it('a data set', async () => {
    const { card, folder } = await realModel('dataset/digits');
    expect(await thrownBy(() => openNetwork(folder, card))).toMatchObject({
      code: 'DATA',
      message: 'digits is a data set, not a network',
    });
  });
});

it('weights that are not there are an error of the file, not of the program', async () => {
  for (const name of ['tfjs-layers', 'tfjs-graph', 'pytorch', 'safetensors'] as const) {
    const card = sampleCard({ format: { name } });
    const tensors = tf.memory().numTensors;
    const error = await thrownBy(() => openNetwork('nowhere', card));
    expect(['NOT_FOUND', 'INTEGRITY', 'DATA'], `${name}: ${error.message}`).toContain(error.code);
    expect(tf.memory().numTensors).toBe(tensors);
  }
});

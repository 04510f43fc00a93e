import { describe, expect, it } from 'vitest';
import type { LayerInfo, Network } from '../../src/formats/network.js';
import type { Card } from '../../src/registry/card.js';
import { chooseCut, chooseOutput } from '../../src/transfer/choose-cut.js';
import { sampleCard } from '../support/sample-card.js';
import { thrownBy } from '../support/thrown-by.js';

/** Only what is asked of a network before it runs. */
function networkOf(layers: readonly Partial<LayerInfo>[], output: string): Network {
  return {
    layers: layers.map((layer) => ({ kind: 'Test', shape: undefined, parameters: [], cut: true, ...layer })),
    outputs: [{ name: output, shape: [null, 2], dtype: 'float32' }],
  } as unknown as Network; // the rest is never touched
}

const torch = networkOf(
  [
    { name: 'features.17.2', parameters: ['a'] },
    { name: 'features.18.0', parameters: ['b'] },
    { name: 'features.18.2', kind: 'ReLU6' },
    { name: 'pool' },
    { name: 'classifier.1', parameters: ['c'] },
  ],
  'classifier.1',
);
const encoder = networkOf(
  [
    { name: 'embeddings', parameters: ['a'] },
    { name: 'last_hidden_state' },
    { name: 'pooler', parameters: ['b'] },
    { name: 'normalize' },
  ],
  'last_hidden_state',
);
const card = (features?: Card['features'], output?: Card['output']) =>
  sampleCard({ ...(features ? { features } : {}), ...(output ? { output } : {}) });

describe('by the card', () => {
  it('a layer, or a module whose last layer is meant', () => {
    const pool = chooseCut(torch, card({ layer: 'pool', width: 2 }));
    expect(pool).toEqual({ layer: 'pool', by: 'card' });
    expect(chooseCut(torch, card({ layer: 'features.18', width: 2 })).layer).toBe('features.18.2');
  });

  it('the words that cards have for what comes out of an encoder', () => {
    const cut = (layer: string) => chooseCut(encoder, card({ layer, width: 2 })).layer;
    expect(cut('last hidden state')).toBe('last_hidden_state');
    expect(cut('pooled and normalised embedding')).toBe('normalize');
  });

  it('other words: the output where no head is dropped, else the layer before the head', () => {
    expect(chooseCut(encoder, card({ layer: 'the embedding', width: 2 })).layer).toBe('last_hidden_state');
    expect(chooseCut(torch, card({ layer: 'mean of it', width: 2, head: 'classifier.1' })).layer).toBe(
      'pool',
    );
    expect(chooseCut(torch, card({ layer: 'mean of it', width: 2, head: 'dense layers' })).layer).toBe(
      'pool',
    );
  });
});

describe('by name', () => {
  it('wins over the card', () => {
    const chosen = chooseCut(torch, card({ layer: 'pool', width: 2 }), 'features.17');
    expect(chosen).toEqual({ layer: 'features.17.2', by: 'named' });
  });

  it('a name that is no cut is refused with the nearest ones', async () => {
    const error = await thrownBy(() => chooseCut(torch, card(), 'clasifier.1'));
    expect(error.code).toBe('NOT_FOUND');
    expect(error.expected).toMatch(/^such as classifier\.1/);
    const hidden = networkOf([{ name: 'inside', cut: false }, { name: 'outside' }], 'outside');
    expect((await thrownBy(() => chooseCut(hidden, card(), 'inside'))).code).toBe('NOT_FOUND');
  });
});

describe('by rule', () => {
  it('in front of the last layer with weights, and of those that can be no cut', () => {
    expect(chooseCut(torch, card())).toEqual({ layer: 'pool', by: 'rule' });
    const graph = networkOf(
      [
        { name: 'conv', parameters: ['a'] },
        { name: 'flat' },
        { name: 'switch', cut: false },
        { name: 'fc', parameters: ['b'] },
        { name: 'softmax' },
      ],
      'softmax',
    );
    expect(chooseCut(graph, card()).layer).toBe('flat');
  });

  it('refuses a network that begins with its last weights, or has none', async () => {
    const dense = networkOf([{ name: 'fc', parameters: ['a'] }, { name: 'softmax' }], 'softmax');
    for (const network of [dense, networkOf([{ name: 'resize' }], 'resize')]) {
      expect((await thrownBy(() => chooseCut(network, card()))).code).toBe('DATA');
    }
  });
});

it('the output is the layer of the card, else the first output of the network', () => {
  expect(chooseOutput(torch, card(undefined, { layer: 'pool' }))).toBe('pool');
  expect(chooseOutput(torch, card(undefined, { layer: 'somewhere else' }))).toBe('classifier.1');
  expect(chooseOutput(encoder, card())).toBe('last_hidden_state');
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LayerInfo } from '../../src/formats/network.js';
import { candidateCuts } from '../../src/transfer/candidate-cuts.js';

const layer = (name: string, kind: string, channels: number | null = 64, cut = true): LayerInfo => ({
  name,
  kind,
  cut,
  parameters: [],
  shape: [null, 7, 7, channels],
});

const blocks = (count: number) =>
  Array.from({ length: count }, (_, index) => [
    layer(`conv${index}`, 'Conv2D'),
    layer(`act${index}`, 'ReLU'),
  ]).flat();

describe('candidateCuts', () => {
  it('takes activations, evenly spaced, without the first fifth, and the last cut', () => {
    const layers = [...blocks(20), layer('pool', 'GlobalAveragePooling2D'), layer('classes', 'Dense')];
    expect(candidateCuts(layers, 'pool')).toEqual(['act5', 'act8', 'act12', 'act15', 'act18', 'pool']);
    expect(candidateCuts(layers, 'pool', 2)).toEqual(['act12', 'pool']);
  });

  it('leaves out what can not be cut, and what has few or unknown channels', () => {
    const layers = [
      layer('a', 'ReLU', 8),
      layer('b', 'ReLU', null),
      layer('c', 'ReLU', 64, false),
      { ...layer('d', 'ReLU'), shape: undefined },
      layer('e', 'ReLU6', 16),
      layer('end', 'Dense'),
    ];
    expect(candidateCuts(layers, 'end')).toEqual(['e', 'end']);
  });

  it('is never empty, never repeats itself, and keeps to the order', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.integer({ min: 1, max: 9 }), (count, most) => {
        const layers = [...blocks(count), layer('end', 'Dense'), layer('behind', 'ReLU')];
        const cuts = candidateCuts(layers, 'end', most);
        const places = cuts.map((cut) => layers.findIndex(({ name }) => name === cut));
        expect(cuts.at(-1)).toBe('end');
        expect(cuts.length).toBeLessThanOrEqual(most);
        expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
      }),
    );
  });
});

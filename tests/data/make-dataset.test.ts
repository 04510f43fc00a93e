import { describe, expect, it } from 'vitest';
import { sortLabels } from '../../src/data/labels.js';
import { joinDatasets, publishedParts, relabel } from '../../src/data/make-dataset.js';
import { classes, textDataset } from './text-examples.js';

describe('labels', () => {
  it('are sorted by value where all are numbers, else by code unit', () => {
    expect(sortLabels(['10', '9', '2', '9'])).toEqual(['2', '9', '10']);
    expect(sortLabels(['10', '9', 'x'])).toEqual(['10', '9', 'x']);
    expect(sortLabels(['ä', 'z', 'A'])).toEqual(['A', 'z', 'ä']);
    expect(sortLabels(['1', '1.0', '-2'])).toEqual(['-2', '1', '1.0']);
  });

  it('can be replaced, and sets joined', () => {
    const pitches = classes({ C4: 2, D4: 1 });
    const joined = joinDatasets({
      cello: relabel(pitches, () => ['cello']),
      flute: relabel(pitches, () => ['flute']),
    });
    expect(joined.labels).toEqual(['cello', 'flute']);
    expect(joined.examples.map(({ name }) => name)).toEqual([
      'cello/0',
      'cello/1',
      'cello/2',
      'flute/0',
      'flute/1',
      'flute/2',
    ]);
  });
});

describe('published parts', () => {
  it('are told by the examples, and both must be there', () => {
    const dataset = textDataset([{ labels: ['a'] }, { labels: ['b'] }, { labels: ['a'] }]);
    const parts = (['train', 'test', 'train'] as const).map((part, index) => ({ part, index }));
    const examples = parts.flatMap(({ part, index }) =>
      dataset.examples.slice(index, index + 1).map((example) => ({ ...example, part })),
    );
    const published = publishedParts({ ...dataset, examples });
    expect(published?.train.examples.map(({ name }) => name)).toEqual(['0', '2']);
    expect(published?.test.examples.map(({ name }) => name)).toEqual(['1']);
    expect(published?.test.labels).toEqual(['a', 'b']);
    expect(publishedParts(dataset)).toBeUndefined();
  });
});

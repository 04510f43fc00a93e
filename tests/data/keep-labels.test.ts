import { describe, expect, it } from 'vitest';
import { keepLabels } from '../../src/data/keep-labels.js';
import { dataset, example, picture } from '../transfer/sample-data.js';

const one = (name: string, ...labels: string[]) => example(name, () => picture(1), labels);
const digits = dataset('image', [one('a', '3'), one('b', '10'), one('c', '0'), one('d', '3')]);

describe('keepLabels', () => {
  it('keeps examples of the named classes, in their order, and no other label', () => {
    const kept = keepLabels(digits, ['3', '10']);
    expect(kept.examples.map(({ name }) => name)).toEqual(['a', 'b', 'd']);
    expect(kept.labels).toEqual(['3', '10']);
    expect(kept).toMatchObject({ modality: 'image', origin: 'samples' });
  });

  it('takes the other labels from examples that have several', () => {
    const many = dataset('image', [one('a', 'cat', 'dog'), one('b', 'dog', 'cow'), one('c', 'cow')]);
    const kept = keepLabels(many, ['cat', 'dog']);
    expect(kept.examples.map(({ labels }) => labels)).toEqual([['cat', 'dog'], ['dog']]);
  });

  it('keeps a class without examples where it is named', () => {
    const whole = { ...digits, emptyClasses: ['7', '8'] };
    expect(keepLabels(whole, ['0', '7']).emptyClasses).toEqual(['7']);
    expect(keepLabels(whole, ['0'])).not.toHaveProperty('emptyClasses');
  });

  it('refuses labels that are not there, and none', () => {
    expect(() => keepLabels(digits, ['3', 'three'])).toThrow(
      expect.objectContaining({ code: 'DATA', expected: '0, 3, 10', found: 'three' }),
    );
    expect(() => keepLabels(digits, [])).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});

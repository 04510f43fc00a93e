import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import { ZooError } from '../../src/core/errors.js';
import type { Dataset, Example } from '../../src/data/dataset.js';
import { makeDataset } from '../../src/data/make-dataset.js';
import { streamExamples } from '../../src/data/stream.js';
import { thrownBy } from '../support/thrown-by.js';
import { allOf } from './all-of.js';

interface Watched {
  readonly dataset: Dataset;
  /** Loads that have begun. */
  readonly begun: number[];
  running: number;
  mostRunning: number;
}

/** Examples that take a while, each another, and note what goes on. */
function watched(count: number, broken: readonly number[] = [], tolerate?: number): Watched {
  const begun: number[] = [];
  const watch = { begun, running: 0, mostRunning: 0 };
  const examples = Array.from(
    { length: count },
    (_, index): Example => ({
      name: `example ${index}`,
      labels: ['a'],
      digest: async () => sha256(String(index)),
      async load(signal) {
        begun.push(index);
        watch.running += 1;
        watch.mostRunning = Math.max(watch.mostRunning, watch.running);
        try {
          await sleep((index * 7) % 5, undefined, signal === undefined ? {} : { signal });
          if (broken.includes(index)) throw new ZooError('DATA', `example ${index} is broken`);
          return { kind: 'text', text: `text ${index}` };
        } finally {
          watch.running -= 1;
        }
      },
    }),
  );
  return Object.assign(watch, {
    dataset: makeDataset({ modality: 'text', origin: 'test', examples, tolerate }),
  });
}

describe('the stream', () => {
  it('gives every example in order, a bounded number ahead and at once', async () => {
    const watch = watched(60);
    const seen: number[] = [];
    let mostAhead = 0;
    for await (const { index, value } of streamExamples(watch.dataset, { ahead: 7, concurrency: 3 })) {
      expect(value).toEqual({ kind: 'text', text: `text ${index}` });
      seen.push(index);
      await sleep(index % 3);
      mostAhead = Math.max(mostAhead, watch.begun.length - seen.length);
    }
    expect(seen).toEqual(Array.from({ length: 60 }, (_, index) => index));
    expect(watch.mostRunning).toBe(3);
    expect(mostAhead).toBeLessThanOrEqual(7);
    // It does run ahead of a slow consumer.
    expect(mostAhead).toBeGreaterThanOrEqual(4);
  });

  it('keeps only what is made of each example', async () => {
    const values = [];
    const transform = (_: unknown, example: Example, index: number) => `${example.name}/${index}`;
    for await (const { value } of streamExamples(watched(3).dataset, { transform })) values.push(value);
    expect(values).toEqual(['example 0/0', 'example 1/1', 'example 2/2']);
  });

  it('holds only a few decoded examples, however many there are and however slow the consumer is', async () => {
    // What is decoded counts from its loading until something smaller was made of it.
    let [decoded, mostDecoded, waiting, mostWaiting] = [0, 0, 0, 0];
    const { dataset } = watched(300);
    const examples = dataset.examples.map(
      (example): Example => ({
        ...example,
        async load(signal) {
          mostDecoded = Math.max(mostDecoded, ++decoded);
          return example.load(signal);
        },
      }),
    );
    const transform = async (_: unknown, __: Example, index: number) => {
      await sleep(index % 2);
      decoded -= 1;
      mostWaiting = Math.max(mostWaiting, ++waiting);
      return index;
    };
    let sum = 0;
    for await (const { value } of streamExamples(
      { ...dataset, examples },
      { ahead: 10, concurrency: 3, transform },
    )) {
      sum += value ?? 0;
      waiting -= 1;
      if (sum % 5 === 0) await sleep(3);
    }
    expect(sum).toBe((300 * 299) / 2);
    expect(mostDecoded).toBe(3);
    expect(mostWaiting).toBeLessThanOrEqual(10);
    expect([decoded, waiting]).toEqual([0, 0]);
  });

  it('gives errors in their place while they are few', async () => {
    const watch = watched(20, [3, 11], 0.1);
    const found: (string | undefined)[] = [];
    for await (const { error } of streamExamples(watch.dataset)) found.push(error?.message);
    expect(found).toHaveLength(20);
    expect(found.filter((message) => message !== undefined)).toEqual([
      'example 3 is broken',
      'example 11 is broken',
    ]);
    expect(found[3]).toBe('example 3 is broken');
  });

  it('gives up with a list when they are many, with the error itself when none is tolerated', async () => {
    const drain = async (dataset: Dataset, tolerate?: number) => {
      for await (const _ of streamExamples(dataset, { tolerate }));
    };
    const many = await thrownBy(() => drain(watched(20, [3, 5, 11]).dataset, 0.1));
    expect([many.code, many.found]).toEqual(['DATA', 'example 3, example 5, example 11']);
    expect((await thrownBy(() => drain(watched(20, [3]).dataset))).message).toBe('example 3 is broken');
    await drain(watched(4, [0, 1, 2, 3]).dataset, 1);
  });

  it('passes on what is wrong with the program, not with the data', async () => {
    const failing = streamExamples(watched(5).dataset, {
      tolerate: 1,
      transform: () => {
        throw new RangeError('a bug');
      },
    });
    await expect(allOf(failing)).rejects.toThrow('a bug');
  });

  it('stops what is under way when the loop ends early, and starts nothing more', async () => {
    const watch = watched(100);
    for await (const { index } of streamExamples(watch.dataset, { ahead: 8 })) if (index === 5) break;
    const begun = watch.begun.length;
    expect(watch.running).toBe(0);
    expect(begun).toBeLessThanOrEqual(6 + 8);
    await sleep(20);
    expect(watch.begun.length).toBe(begun);
  });

  it('stops where the caller stops', async () => {
    const watch = watched(100);
    const stop = new AbortController();
    const reading = async () => {
      for await (const { index } of streamExamples(watch.dataset, { signal: stop.signal })) {
        if (index === 4) stop.abort(new Error('enough'));
      }
    };
    await expect(reading()).rejects.toThrow('enough');
    expect(watch.running).toBe(0);
  });

  it('refuses numbers that are none', async () => {
    const { dataset } = watched(2);
    for (const options of [{ ahead: 0 }, { concurrency: 1.5 }, { tolerate: 2 }]) {
      expect((await thrownBy(() => allOf(streamExamples(dataset, options)))).code).toBe('USAGE');
    }
  });
});

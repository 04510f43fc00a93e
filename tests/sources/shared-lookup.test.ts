import { describe, expect, it } from 'vitest';
import { ZooError } from '../../src/core/errors.js';
import { SourceFault } from '../../src/sources/remote-file.js';
import { SharedLookup, untilAborted } from '../../src/sources/shared-lookup.js';
import { quiet } from '../support/read-remote.js';

function deferred<V>() {
  let resolve: (value: V) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<V>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

describe('SharedLookup', () => {
  it('asks once for callers at the same time and afterwards', async () => {
    const lookups = new SharedLookup<number>();
    const answer = deferred<number>();
    let asked = 0;
    const ask = () => {
      asked++;
      return answer.promise;
    };
    const waiting = [1, 2, 3].map(() => lookups.get('a', quiet(), ask));
    answer.resolve(7);
    expect(await Promise.all(waiting)).toEqual([7, 7, 7]);
    expect(await lookups.get('a', quiet(), ask)).toBe(7);
    expect(asked).toBe(1);
    lookups.forget('a');
    await lookups.get('a', quiet(), ask);
    expect(asked).toBe(2);
  });

  it('keeps lasting failures and asks again after passing ones', async () => {
    for (const [error, times] of [
      [new SourceFault('missing', 'gone'), 1],
      [new ZooError('USAGE', 'no address'), 1],
      [new SourceFault('broken', 'reset'), 2],
      [new SourceFault('busy', 'later'), 2],
    ] as const) {
      const lookups = new SharedLookup<number>();
      let asked = 0;
      const ask = async () => {
        asked++;
        throw error;
      };
      await expect(lookups.get('a', quiet(), ask)).rejects.toBe(error);
      await expect(lookups.get('a', quiet(), ask)).rejects.toBe(error);
      expect(asked, error.message).toBe(times);
    }
  });

  it('goes on for the others when one caller aborts, and ends when the last one does', async () => {
    const lookups = new SharedLookup<number>();
    const answer = deferred<number>();
    const inner: AbortSignal[] = [];
    const ask = (signal: AbortSignal) => {
      inner.push(signal);
      return untilAborted(answer.promise, signal);
    };
    const [first, second] = [new AbortController(), new AbortController()];
    const one = lookups.get('a', first.signal, ask);
    const two = lookups.get('a', second.signal, ask);
    first.abort(new Error('first left'));
    await expect(one).rejects.toThrow('first left');
    expect(inner[0]?.aborted).toBe(false);
    second.abort(new Error('second left'));
    await expect(two).rejects.toThrow('second left');
    expect(inner[0]?.aborted).toBe(true);
    const three = lookups.get('a', quiet(), ask);
    answer.resolve(1);
    expect(await three).toBe(1);
    expect(inner).toHaveLength(2);
  });

  it('asks nothing for a caller that has already aborted', async () => {
    const lookups = new SharedLookup<number>();
    await expect(
      lookups.get('a', AbortSignal.abort(new Error('too late')), () => expect.fail('asked')),
    ).rejects.toThrow('too late');
  });
});

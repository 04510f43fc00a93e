import { describe, expect, it } from 'vitest';
import { Reachability } from '../../src/sources/reachability.js';
import { SourceFault } from '../../src/sources/remote-file.js';

function failing(code: string, wrap: (error: Error) => Error = (error) => error) {
  return async () => {
    throw new SourceFault('broken', 'no connection', {
      cause: wrap(Object.assign(new Error(code), { code })),
    });
  };
}

/** How many of `times` requests were really made. */
async function made(reachability: Reachability, request: () => Promise<unknown>, times: number) {
  let count = 0;
  for (let i = 0; i < times; i++) {
    await reachability
      .watch('host:1', 'x', () => {
        count++;
        return request();
      })
      .catch(() => {});
  }
  return count;
}

describe('Reachability', () => {
  it('asks an unknown or silent host once and a refusing one three times', async () => {
    expect(await made(new Reachability(), failing('ENOTFOUND'), 28)).toBe(1);
    expect(await made(new Reachability(), failing('UND_ERR_CONNECT_TIMEOUT'), 28)).toBe(1);
    expect(await made(new Reachability(), failing('ECONNREFUSED'), 28)).toBe(3);
    const wrapped = failing('ETIMEDOUT', (error) => new AggregateError([error]));
    expect(await made(new Reachability(), wrapped, 28)).toBe(1);
  });

  it('goes on asking after faults that are not about the way to the host', async () => {
    expect(await made(new Reachability(), failing('ECONNRESET'), 28)).toBe(28);
    const missing = async () => {
      throw new SourceFault('missing', 'no such file', { status: 404 });
    };
    expect(await made(new Reachability(), missing, 28)).toBe(28);
  });

  it('never gives up a host that has answered, even with an error', async () => {
    const good = new Reachability();
    await good.watch('host:1', 'x', async () => 1);
    expect(await made(good, failing('ENOTFOUND'), 28)).toBe(28);
    const ill = new Reachability();
    const error = async () => {
      throw new SourceFault('broken', 'ill', { status: 500 });
    };
    await expect(ill.watch('host:1', 'x', error)).rejects.toThrow('ill');
    expect(await made(ill, failing('ENOTFOUND'), 28)).toBe(28);
  });

  it('says which host and asks others still', async () => {
    const reachability = new Reachability();
    await made(reachability, failing('ENOTFOUND'), 1);
    expect(() => reachability.check('host:1', 'npm:a@1.0.0')).toThrow(
      /npm:a@1\.0\.0: host:1 could not be reached/,
    );
    expect(() => reachability.check('host:2', 'x')).not.toThrow();
  });
});

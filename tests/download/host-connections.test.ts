import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { HostConnections, type HostSlot } from '../../src/download/host-connections.js';

const LIMITS = {
  connectionsAtStart: 4,
  mostConnections: 16,
  growthWindowMs: 250,
  growthSettleMs: 1_000,
  growthRetryMs: 5_000,
};
const never = new AbortController().signal;
setMaxListeners(0, never); // one for each that waits

/** A host whose time passes when the test says so. */
function simulate() {
  let now = 0;
  const hosts = new HostConnections(LIMITS, () => now);
  const open: HostSlot[] = [];
  return {
    hosts,
    open,
    /** Asks for so many connections more than there may be, and lets what was granted in. */
    async want(count: number): Promise<void> {
      for (let i = 0; i < count; i++) void hosts.acquire('h', never).then((slot) => open.push(slot));
      await new Promise((resolve) => setImmediate(resolve));
    },
    /** Lets time pass while the host delivers `bytesPerMs` over all connections. */
    async deliver(ms: number, bytesPerMs: (connections: number) => number): Promise<void> {
      for (let step = 0; step < ms; step += 10) {
        now += 10;
        for (const slot of open) slot.received((bytesPerMs(open.length) * 10) / open.length);
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    pass(ms: number): void {
      now += ms;
    },
  };
}

describe('HostConnections', () => {
  it('starts with four and makes others wait in order', async () => {
    const { hosts, open, want } = simulate();
    await want(6);
    expect(open).toHaveLength(4);
    open[0]?.release('ok');
    await want(0);
    expect(open).toHaveLength(5);
    expect(hosts.limit('h')).toBe(4);
  });

  it('grows to the most while each connection adds throughput', async () => {
    const { hosts, open, want, deliver } = simulate();
    await want(40);
    await deliver(3_000, (connections) => connections * 1_000);
    expect(hosts.limit('h')).toBe(16);
    expect(open).toHaveLength(16);
  });

  it('goes back when more connections bring nothing', async () => {
    const { hosts, want, deliver } = simulate();
    await want(40);
    await deliver(1_000, () => 10_000);
    expect(hosts.limit('h')).toBe(4);
  });

  it('does not grow when nobody wants more', async () => {
    const { hosts, want, deliver } = simulate();
    await want(3);
    await deliver(3_000, (connections) => connections * 1_000);
    expect(hosts.limit('h')).toBe(4);
  });

  it('halves when most requests fail, once for those that failed together', async () => {
    const { hosts, open, want } = simulate();
    await want(4);
    for (const slot of open) slot.release('failed');
    expect(hosts.limit('h')).toBe(2);
  });

  it('does not grow while one in four fails', async () => {
    const { hosts, open, want, deliver } = simulate();
    await want(8);
    open.shift()?.release('failed');
    open.shift()?.release('ok');
    open.shift()?.release('ok');
    open.shift()?.release('ok');
    await want(40);
    await deliver(3_000, (connections) => connections * 1_000);
    expect(hosts.limit('h')).toBe(4);
  });

  it('halves and pauses when the host is busy, and never goes below one', async () => {
    const { hosts, open, want, pass } = simulate();
    await want(1);
    for (let i = 0; i < 5; i++) {
      open.shift()?.release('busy', 0);
      pass(1_000);
      await want(1);
    }
    expect(hosts.limit('h')).toBe(1);
  });

  it('hands a slot back only once', async () => {
    const { open, want } = simulate();
    await want(5);
    const [first] = open;
    first?.release('ok');
    first?.release('ok');
    await want(1);
    expect(open).toHaveLength(5);
  });

  it('lets a waiter go away', async () => {
    const { hosts, open, want } = simulate();
    await want(4);
    const leaving = new AbortController();
    const waiting = hosts.acquire('h', leaving.signal);
    await want(1);
    leaving.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    open[0]?.release('ok');
    await want(0);
    expect(open).toHaveLength(5);
  });

  it('counts hosts apart', async () => {
    const { hosts, want, open } = simulate();
    await want(5);
    expect(open).toHaveLength(4);
    const other = await hosts.acquire('other', never);
    other.release('ok');
  });
});

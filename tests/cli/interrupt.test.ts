/** Ctrl-C: the first one stops cleanly and keeps what has arrived, the second one stops at once. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import { PIECE_SIZE } from '../../src/core/pieces.js';
import { seededBytes, startFaultServer } from '../support/fault-server.js';
import { cardOf, useWorld } from '../support/zoo-world.js';

const world = useWorld();
const WEIGHTS = seededBytes(1, 4 * PIECE_SIZE);

async function slowModel() {
  const server = world.current.closeLater(await startFaultServer());
  const url = server.serve('w', WEIGHTS);
  const card = await cardOf({ files: { w: { bytes: WEIGHTS, sources: [url] } } });
  await world.current.index(card);
  return server;
}

describe.skipIf(process.platform === 'win32')('an interrupted pull', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends with 130 on %s and is resumed by the next',
    async (signal) => {
      const server = await slowModel();
      // The first piece arrives, the others hang.
      server.plan = ({ range }) => (range?.start === 0 ? undefined : { kind: 'stall', after: 1000 });
      const running = world.current.start(['pull', 'tiny-net', '--json']);
      let seen = '';
      let sent = false;
      for await (const chunk of running.process.stdout ?? []) {
        seen += chunk;
        const events = seen
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line));
        if (!sent && events.some(({ verified }) => verified >= PIECE_SIZE))
          sent = running.process.kill(signal);
      }
      const { code, stderr } = await running.ended;
      expect(code).toBe(130);
      expect(stderr).toContain('what has arrived is kept');
      const last = JSON.parse(seen.trimEnd().split('\n').at(-1) ?? '');
      expect(last.error).toMatchObject({
        code: 'ABORTED',
        hint: expect.stringContaining('go on from there'),
      });
      expect((await world.current.run('list', '--json')).stdout).toBe('[]\n');

      server.plan = () => undefined;
      const again = await world.current.run('pull', 'tiny-net', '--json');
      expect(again.code).toBe(0);
      const { received } = JSON.parse(again.stdout.trimEnd().split('\n').at(-1) ?? '');
      expect(received).toBeLessThanOrEqual(3 * PIECE_SIZE * 1.05);
      const { stdout } = await world.current.run('path', 'tiny-net');
      expect(sha256(await readFile(join(stdout.trim(), 'w')))).toBe(sha256(WEIGHTS));
      expect(await world.current.leftovers()).toEqual([]);
    },
  );

  it('ends while it waits for another process', async () => {
    const server = await slowModel();
    server.plan = () => ({ kind: 'slow', chunk: 100_000, pauseMs: 100 });
    const first = world.current.start(['pull', 'tiny-net']);
    await first.noted('fetching w');
    const second = world.current.start(['pull', 'tiny-net']);
    await second.noted('waiting for process');
    second.process.kill('SIGINT');
    expect(await second.ended).toMatchObject({ code: 130 });
    first.process.kill('SIGINT');
    expect(await first.ended).toMatchObject({ code: 130 });
  });
});

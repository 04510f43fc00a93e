/** In a real terminal of 80 columns. */

import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { readCards } from '../../src/registry/read-cards.js';
import { seededBytes, startFaultServer } from '../support/fault-server.js';
import { hasPseudoTerminal, inTerminal, withoutEscapes } from '../support/pseudo-terminal.js';
import { cardOf, useWorld, ZOO_COMMAND } from '../support/zoo-world.js';

const world = useWorld();
const CARDS = fileURLToPath(new URL('../../registry', import.meta.url));
const zoo = (words: string) => `'${process.execPath}' '${ZOO_COMMAND}' ${words}`;

describe.skipIf(!hasPseudoTerminal)('a terminal of 80 columns (skipped without util-linux script)', () => {
  beforeEach(async () => {
    const cards = [];
    for await (const card of readCards(CARDS, new AbortController().signal)) cards.push(card);
    await world.current.index(...cards);
  });

  it('is not exceeded by tables, cards and errors', async () => {
    const commands = [
      'search',
      'search piano',
      'show mobilenet-v2',
      'show dataset/fsdd',
      'show mobilenet-v9',
    ];
    const { raw, lines } = await inTerminal(commands.map(zoo).join('; '), world.current);
    expect(lines.length).toBeGreaterThan(60);
    const digest = /^card sha256 {3}[0-9a-f]{64}$/;
    for (const line of lines) expect([...line].length, line).toBeLessThanOrEqual(80);
    expect(lines.some((line) => digest.test(line))).toBe(true);
    expect(lines.some((line) => line.includes('…'))).toBe(true);
    expect(raw).toContain('\u001b[1m');
  });

  it('has no colours with NO_COLOR', async () => {
    const { raw } = await inTerminal(`NO_COLOR=1 ${zoo('search mobilenet')}`, world.current);
    expect(raw).toContain('mobilenet-v2');
    expect(raw).not.toContain('\u001b[');
  });

  it('shows bars while fetching, full only when verified, and leaves none behind', async () => {
    const server = world.current.closeLater(await startFaultServer());
    const weights = seededBytes(1, 6_000_000);
    server.plan = () => ({ kind: 'slow', chunk: 300_000, pauseMs: 40 });
    await world.current.index(
      await cardOf({
        files: { 'model.safetensors': { bytes: weights, sources: [server.serve('w', weights)] } },
      }),
    );
    const { code, raw, lines } = await inTerminal(zoo('pull tiny-net'), world.current);
    expect(code).toBe(0);
    const drawn = withoutEscapes(raw.replaceAll('\u001b[', '\n\u001b[')).split('\n');
    const bars = drawn.filter((line) => line.includes('░') || line.includes('█'));
    expect(bars.some((line) => line.startsWith('model.safetensors'))).toBe(true);
    expect(bars.some((line) => /^total .*MB\/s .* left/.test(line))).toBe(true);
    for (const line of bars) expect([...line].length, line).toBeLessThan(80);
    // One piece of 6 MB: nothing is verified before all is, so no bar is ever half full.
    expect(bars.some((line) => /░ +100%/.test(line))).toBe(false);
    // The bars were wiped: what stays is what a log would have.
    const lastBar = raw.lastIndexOf('░');
    expect(raw.lastIndexOf('✓')).toBeGreaterThan(lastBar);
    expect(lines.at(-2)).toMatch(/tiny-net\/1\.0\.0$/);
  });
});

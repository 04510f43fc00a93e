/** The library as a program uses it: by the package's door, and without a word on the console. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { seededBytes, startFaultServer } from '../support/fault-server.js';
import { cardOf, useWorld } from '../support/zoo-world.js';

const world = useWorld();
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const PROGRAM = `
import { openZoo, ZooError } from 'neuralzoo';
const zoo = await openZoo();
const hits = zoo.search('tiny');
const events = [];
const { path } = await zoo.pull('tiny-net@^1', { onEvent: (event) => events.push(event.type) });
const error = await zoo.pull('no-such-net').catch((reason) => reason);
const { report } = await zoo.verify();
process.send({
  hits: hits.length,
  path: path === (await zoo.path('tiny-net')),
  events: [...new Set(events)],
  error: error instanceof ZooError && error.code,
  ok: report.ok,
});
await zoo.close();
process.disconnect();
`;

it('searches, pulls and verifies, tells by events and errors, and prints nothing', async () => {
  const server = world.current.closeLater(await startFaultServer());
  // Many small files at once, from a place that hiccups: whatever could warn, would.
  server.plan = ({ index }) => (index % 7 === 3 ? { kind: 'reset', after: 10 } : undefined);
  const files = Array.from({ length: 60 }, (_, index) => {
    const bytes = seededBytes(index, 2000 + index);
    return [`part-${index}.bin`, { bytes, sources: [server.serve(`part-${index}`, bytes)] }] as const;
  });
  await world.current.index(await cardOf({ files: Object.fromEntries(files) }));
  const { exports } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const script = join(world.current.cwd, 'program.mjs');
  await writeFile(script, PROGRAM.replace("'neuralzoo'", JSON.stringify(join(ROOT, exports['.'].default))));

  const child = fork(script, { cwd: world.current.cwd, env: world.current.env, silent: true, execArgv: [] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
  }
  const told = once(child, 'message');
  const ended = once(child, 'close');
  const first = await Promise.race([told, ended]);
  expect(printed).toBe('');
  expect(first[0]).toEqual({
    hits: 1,
    path: true,
    events: ['plan', 'start', 'progress', 'done', 'installed'],
    error: 'NOT_FOUND',
    ok: true,
  });
  expect((await ended)[0]).toBe(0);
  expect(printed).toBe('');
});

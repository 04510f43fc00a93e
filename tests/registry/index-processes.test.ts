import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { buildIndex } from '../../src/registry/index-build.js';
import { openIndex } from '../../src/registry/index-open.js';
import { generateCards } from '../support/generated-cards.js';
import { sampleCard } from '../support/sample-card.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const program = fileURLToPath(new URL('../support/index-reader.ts', import.meta.url));
const started: ChildProcessWithoutNullStreams[] = [];

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

/** A process that has the index open and answers questions. */
function reader(path: string) {
  const child = spawn(process.execPath, ['--import', 'tsx', program, path]);
  started.push(child);
  let problems = '';
  child.stderr.on('data', (chunk: Buffer) => {
    problems += chunk;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`the reader ended: ${problems}`);
    return value;
  };
  return {
    opened: next,
    async ask(reference: string): Promise<{ count: { cards: number }; found: string[]; version: string }> {
      child.stdin.write(`${reference}\n`);
      return JSON.parse(await next());
    },
    async end(): Promise<number | null> {
      child.stdin.end();
      const [code] = await once(child, 'exit');
      return code;
    },
  };
}

const first = sampleCard();
const second = sampleCard({ version: '2.0.0' });

describe('an index that is replaced while a process has it open', () => {
  it('stays what it was for that process, and is new for the next', async () => {
    const folder = await temporaryFolder('replace');
    const path = join(folder, 'index.sqlite');
    await buildIndex([first, ...generateCards(300)], path);
    const old = reader(path);
    expect(await old.opened()).toBe('open');
    expect(await old.ask('mobilenet-v2')).toMatchObject({ count: { cards: 301 }, version: '1.0.0' });

    await buildIndex([first, second, ...generateCards(500, { seed: 2 })], path);
    expect(await old.ask('mobilenet-v2')).toMatchObject({
      count: { cards: 301 },
      version: '1.0.0',
    });
    const young = reader(path);
    expect(await young.opened()).toBe('open');
    expect(await young.ask('mobilenet-v2')).toMatchObject({
      count: { cards: 502 },
      version: '2.0.0',
    });
    expect(await old.ask('mobilenet-v2')).toMatchObject({ version: '1.0.0' });

    expect([await old.end(), await young.end()]).toEqual([0, 0]);
    expect(await readdir(folder)).toEqual(['index.sqlite']);
  });

  it('is never seen half-written', async () => {
    const path = join(await temporaryFolder('replace'), 'index.sqlite');
    await buildIndex([first], path);
    let building = true;
    const rebuild = (async () => {
      for (let round = 0; round < 8; round++) {
        await buildIndex([first, second, ...generateCards(100 * round)].slice(round % 2), path);
      }
      building = false;
    })();
    let looks = 0;
    while (building) {
      const index = openIndex(path);
      expect(['1.0.0', '2.0.0']).toContain(index.resolve('mobilenet-v2').card.version);
      expect(index.search('mobilenet')[0]?.name).toBe('mobilenet-v2');
      index.close();
      looks++;
      await new Promise(setImmediate);
    }
    await rebuild;
    expect(looks).toBeGreaterThan(0);
  });
});

describe('eight processes', () => {
  it('open one index at once, in a folder where nothing can be written, and leave it as it was', async () => {
    const folder = await temporaryFolder('many');
    const path = join(folder, 'index.sqlite');
    await buildIndex([first, second], path);
    const before = await readFile(path);
    await chmod(path, 0o444);
    await chmod(folder, 0o555);
    try {
      const readers = Array.from({ length: 8 }, () => reader(path));
      expect(await Promise.all(readers.map(({ opened }) => opened()))).toEqual(Array(8).fill('open'));
      const answers = await Promise.all(readers.map(({ ask }) => ask('mobilenet-v2')));
      for (const answer of answers)
        expect(answer).toMatchObject({ found: ['mobilenet-v2'], version: '2.0.0' });
      expect(await readdir(folder)).toEqual(['index.sqlite']);
      expect(await Promise.all(readers.map(({ end }) => end()))).toEqual(Array(8).fill(0));
      expect(await readFile(path)).toEqual(before);
      expect(await readdir(folder)).toEqual(['index.sqlite']);
    } finally {
      await chmod(folder, 0o755);
    }
  });
});

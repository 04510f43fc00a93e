/** Every kind of failure with its exit code, as text and as JSON. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type FaultServer, seededBytes, startFaultServer } from '../support/fault-server.js';
import { type CliResult, cardOf, useWorld } from '../support/zoo-world.js';

const world = useWorld();
const BYTES = seededBytes(1, 50_000);
let server: FaultServer;

beforeEach(async () => {
  server = world.current.closeLater(await startFaultServer());
  const card = await cardOf({ files: { w: { bytes: BYTES, sources: [server.serve('w', BYTES)] } } });
  await world.current.index(card);
});

/** Runs the command both ways; both must tell the same error. */
async function failure(...args: string[]) {
  const text = await world.current.run(...args);
  const json = await world.current.run(...args, '--json');
  expect(json.code).toBe(text.code);
  expect(json.stderr).toBe('');
  const { error } = JSON.parse(json.stdout.trim().split('\n').at(-1) ?? '');
  expect(Object.keys(error)).toEqual(
    ['code', 'message', 'expected', 'found', 'hint'].filter((key) => key in error),
  );
  expect(text.stderr).toContain(`error: ${error.message}`);
  for (const key of ['expected', 'found', 'hint']) {
    if (key in error) expect(text.stderr).toContain(`  ${key.padEnd(8)}  `);
  }
  expect(text.stdout).toBe('');
  expect(text.stderr).not.toMatch(/^\s+at |ZOO_DEBUG/m);
  return { code: text.code, error };
}

describe('exit codes', () => {
  it('0: done', async () => {
    expect(await world.current.run('pull', 'tiny-net')).toMatchObject<Partial<CliResult>>({ code: 0 });
  });

  it('1: the cache can not be made', async () => {
    await writeFile(join(world.current.cwd, 'a-file'), '');
    world.current.setEnv({ ZOO_HOME: join(world.current.cwd, 'a-file') });
    expect(await failure('list')).toMatchObject({ code: 1, error: { code: 'FILE_SYSTEM' } });
  });

  it('2: wrong usage', async () => {
    expect(await failure('search', '--limit', 'x')).toMatchObject({ code: 2, error: { code: 'USAGE' } });
    const { code, stdout, stderr } = await world.current.run('pull', '--fozen', '--json');
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'USAGE', message: "unknown option '--fozen'", hint: 'Did you mean --frozen?' },
    });
  });

  it('3: no such model, version or installed model, or offline', async () => {
    const unknown = await failure('show', 'tiny-mobilenett');
    expect(unknown).toMatchObject({
      code: 3,
      error: { code: 'NOT_FOUND', hint: expect.stringContaining('zoo search') },
    });
    expect(await failure('pull', 'tiny-net@^7')).toMatchObject({ code: 3, error: { found: '1.0.0' } });
    expect(await failure('path', 'tiny-net')).toMatchObject({
      code: 3,
      error: { code: 'NOT_CACHED', hint: 'zoo pull tiny-net' },
    });
    expect(await failure('pull', 'tiny-net', '--offline')).toMatchObject({ error: { code: 'NOT_CACHED' } });
    world.current.setEnv({ ZOO_OFFLINE: '1' });
    expect(await failure('pull', 'tiny-net')).toMatchObject({ error: { code: 'NOT_CACHED' } });
    expect(server.requests).toEqual([]);
  });

  it('4: bytes that do not verify, and a damaged card, lock or index', async () => {
    server.serve('w', seededBytes(2, 50_000));
    const wrong = await failure('pull', 'tiny-net');
    expect(wrong).toMatchObject({ code: 4, error: { code: 'INTEGRITY' } });
    expect(wrong.error.message).toContain('image/tiny-net@1.0.0');

    await writeFile(join(world.current.cwd, 'bad.json'), '{"kind": "model"}');
    expect(await failure('show', 'bad.json')).toMatchObject({ code: 4, error: { code: 'INVALID_CARD' } });
    await writeFile(join(world.current.cwd, 'zoo.lock'), '{}');
    expect(await failure('pull', '--frozen')).toMatchObject({ code: 4, error: { code: 'LOCK_MISMATCH' } });
    await writeFile(world.current.indexPath, 'not a database');
    expect(await failure('search', 'x')).toMatchObject({ code: 4, error: { code: 'INVALID_INDEX' } });
  });

  it('5: the server can not be reached or does not answer well', async () => {
    await server.close();
    expect(await failure('pull', 'tiny-net')).toMatchObject({ code: 5, error: { code: 'NETWORK' } });
  });

  it('6: refused by licence or policy', async () => {
    const card = await cardOf({
      license: { weights: 'CC-BY-NC-4.0', statedIn: 'LICENSE', checked: '2026-11-24' },
      files: { w: { bytes: BYTES, sources: ['https://example.org/w'] } },
    });
    await world.current.save(card);
    const refused = await failure('pull', './card.json');
    expect(refused).toMatchObject({ code: 6, error: { code: 'LICENSE' } });
    expect(refused.error.hint).toContain('--allow-license');
  });

  it('says what was installed although another model failed', async () => {
    const other = Buffer.from('other');
    const dead = await cardOf({
      name: 'dead-net',
      files: { w: { bytes: other, sources: [`${server.origin}/gone`] } },
    });
    const alive = await cardOf({ files: { w: { bytes: BYTES, sources: [server.serve('w', BYTES)] } } });
    await world.current.index(dead, alive);
    const { code, stdout, stderr } = await world.current.run('pull', 'tiny-net', 'dead-net');
    expect(code).toBe(5);
    expect(stdout).toContain('image/tiny-net@1.0.0');
    expect(stderr).toContain('error: image/dead-net@1.0.0:');
  });
});

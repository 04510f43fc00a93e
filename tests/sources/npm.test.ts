import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import { parseLocator } from '../../src/registry/locator.js';
import { replaceHost } from '../../src/sources/npm.js';
import { openSources } from '../../src/sources/open-sources.js';
import { json, localServer, type NpmRegistryOptions, npmRegistry } from '../support/fake-registries.js';
import { isolatedEnv } from '../support/isolated-env.js';
import { quiet, readCandidate, readRemote } from '../support/read-remote.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

const TARBALL = randomBytes(5_000);

async function registry(options: Partial<NpmRegistryOptions> = {}) {
  const server = await npmRegistry({
    packages: { 'tiny-model@1.2.3': TARBALL, '@team/net@0.1.0-beta.1': TARBALL },
    ...options,
  });
  opened.push(server);
  return server;
}

async function sourcesWith(npmrc: string, env: Record<string, string> = {}) {
  const home = await temporaryFolder('npm');
  await writeFile(join(home, '.npmrc'), npmrc);
  const sources = openSources({ env: isolatedEnv(home, env), cwd: home });
  opened.push(sources);
  return sources;
}

describe('npm:', () => {
  it('reads a tarball whole and by range, and asks the registry once', async () => {
    const server = await registry();
    const sources = await sourcesWith(`registry=${server.registry}`);
    const locator = parseLocator('npm:tiny-model@1.2.3#model.json');
    const hint = { name: 'tiny-model-1.2.3.tgz', size: TARBALL.length, sha256: sha256(TARBALL) };
    const files = await Promise.all([1, 2, 3].map(() => sources.candidate(locator, hint).open(quiet())));
    const file = files[0];
    if (!file) throw new Error('no file');
    expect(file).toMatchObject({
      label: 'npm:tiny-model@1.2.3',
      size: TARBALL.length,
      host: `127.0.0.1:${server.port}`,
    });
    expect(sha256(await readRemote(file))).toBe(hint.sha256);
    expect(await readRemote(file, { start: 1000, end: 1100 })).toEqual(TARBALL.subarray(1000, 1100));
    expect(server.asked.map(({ url }) => url)).toEqual([
      '/tiny-model/1.2.3',
      '/tiny-model/-/tiny-model-1.2.3.tgz',
      '/tiny-model/-/tiny-model-1.2.3.tgz',
    ]);
  });

  it('asks for scoped packages at the registry of their scope, below its path, with its token', async () => {
    const server = await registry({ prefix: '/api/npm', authorization: 'Bearer tok' });
    const sources = await sourcesWith(
      `registry=http://127.0.0.1:9/\n@team:registry=${server.registry}\n//127.0.0.1:${server.port}/api/npm/:_authToken=tok`,
    );
    const candidate = sources.candidate(parseLocator('npm:@team/net@0.1.0-beta.1'));
    expect(await readCandidate(candidate)).toEqual(TARBALL);
    expect(server.asked[0]?.url).toBe('/api/npm/@team%2fnet/0.1.0-beta.1');
  });

  it('takes the whole packument where single versions have no address', async () => {
    const server = await registry({ versionAddresses: false });
    const sources = await sourcesWith(`registry=${server.registry}`);
    expect(await readCandidate(sources.candidate(parseLocator('npm:tiny-model@1.2.3')))).toEqual(TARBALL);
    expect(server.asked[1]).toMatchObject({
      url: '/tiny-model',
      headers: { accept: expect.stringContaining('application/vnd.npm.install-v1+json') },
    });
  });

  it('says whether the package, the version or the registry is missing', async () => {
    const server = await registry();
    const sources = await sourcesWith(`registry=${server.registry}`);
    const open = (text: string) => sources.candidate(parseLocator(text)).open(quiet());
    await expect(open('npm:unknown@1.0.0')).rejects.toMatchObject({ kind: 'missing', status: 404 });
    await expect(open('npm:tiny-model@9.9.9')).rejects.toThrow(/has the package, but not this version/);
    const nowhere = await sourcesWith('registry=http://127.0.0.1:9/');
    await expect(nowhere.candidate(parseLocator('npm:tiny-model@1.2.3')).open(quiet())).rejects.toMatchObject(
      { kind: 'broken' },
    );
  });

  it('asks an unreachable registry for the first file only', async () => {
    // The discard port: a port that was just closed may be another test's by now.
    const sources = await sourcesWith('registry=http://127.0.0.1:9/');
    const faults: string[] = [];
    for (let i = 0; i < 4; i++) {
      await sources
        .candidate(parseLocator(`npm:model-${i}@1.0.0`))
        .open(quiet())
        .catch((error: unknown) => faults.push(String(error)));
    }
    expect(faults[0]).toMatch(/refused/);
    for (const fault of faults.slice(1)) expect(fault).toContain('could not be reached');
  });

  it('asks again when the registry stumbles', async () => {
    const good = await registry();
    let stumbles = 2;
    const server = await localServer(async ({ url }) => {
      if (stumbles-- > 0) return { status: 503, headers: { 'retry-after': '0' } };
      return json(await (await fetch(good.origin + url)).json());
    });
    opened.push(server);
    const sources = await sourcesWith(`registry=${server.origin}/`);
    expect(await readCandidate(sources.candidate(parseLocator('npm:tiny-model@1.2.3')))).toEqual(TARBALL);
  });

  it.each([
    ['another name', { name: 'other', version: '1.2.3', dist: { tarball: 'x' } }],
    ['another version', { name: 'tiny-model', version: '1.2.4', dist: { tarball: 'x' } }],
    ['no tarball', { name: 'tiny-model', version: '1.2.3', dist: {} }],
    ['a list', []],
  ])('refuses an answer with %s', async (_, answer) => {
    const server = await localServer(({ url }) =>
      json(url.endsWith('1.2.3') ? answer : { versions: { '1.2.3': answer } }),
    );
    opened.push(server);
    const sources = await sourcesWith(`registry=${server.origin}/`);
    await expect(sources.candidate(parseLocator('npm:tiny-model@1.2.3')).open(quiet())).rejects.toMatchObject(
      { kind: 'wrong' },
    );
  });

  it('looks the tarball up again on refresh', async () => {
    let place = 'old';
    const server = await npmRegistry({
      packages: { 'tiny-model@1.2.3': TARBALL },
      tarball: () => `${server.origin}/${place}.tgz`,
    });
    opened.push(server);
    const sources = await sourcesWith(`registry=${server.registry}`);
    const file = await sources.candidate(parseLocator('npm:tiny-model@1.2.3')).open(quiet());
    await expect(readRemote(file)).rejects.toMatchObject({ kind: 'missing' });
    place = 'tiny-model/-/tiny-model-1.2.3';
    await file.refresh?.(quiet());
    expect(await readRemote(file)).toEqual(TARBALL);
  });

  it('reads tarballs of the replaced host from the configured registry', async () => {
    const server = await registry({
      prefix: '/npm',
      tarball: (name, version) => `https://old.example/npm/${name}/-/${name}-${version}.tgz`,
    });
    const sources = await sourcesWith(`registry=${server.registry}\nreplace-registry-host=old.example`);
    expect(await readCandidate(sources.candidate(parseLocator('npm:tiny-model@1.2.3')))).toEqual(TARBALL);
  });

  it("describes a package's tarball", async () => {
    const server = await registry();
    const sources = await sourcesWith(`registry=${server.registry}`);
    expect(await sources.describe(parseLocator('npm:tiny-model@1.2.3'), quiet())).toEqual({
      name: 'tiny-model-1.2.3.tgz',
      size: undefined,
      sha256: undefined,
      integrity: expect.stringMatching(/^sha512-/),
    });
  });

  it('stops waiting when told to', async () => {
    const server = await localServer(() => new Promise(() => {}));
    opened.push(server);
    const sources = await sourcesWith(`registry=${server.origin}/`);
    const controller = new AbortController();
    const waiting = sources.candidate(parseLocator('npm:tiny-model@1.2.3')).open(controller.signal);
    setTimeout(() => controller.abort(new Error('enough')), 50);
    await expect(waiting).rejects.toThrow('enough');
  });
});

describe('replaceHost', () => {
  const own = new URL('https://mirror.example/npm/');
  it.each([
    ['https://old.example/a/-/a.tgz', 'old.example', 'https://mirror.example/a/-/a.tgz'],
    ['https://old.example/a.tgz?x=1', 'always', 'https://mirror.example/a.tgz?x=1'],
    ['https://old.example/a.tgz', 'never', 'https://old.example/a.tgz'],
    ['https://cdn.example/a.tgz', 'old.example', 'https://cdn.example/a.tgz'],
    ['https://mirror.example/other/a.tgz', 'always', 'https://mirror.example/other/a.tgz'],
    ['not an address', 'always', 'not an address'],
  ])('%s with %s is %s', (tarball, setting, result) => {
    expect(replaceHost(tarball, own, setting)).toBe(result);
  });
});

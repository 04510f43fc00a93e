/**
 * Reading the server's files: names in a card must stay names in the address. `..` in a repository, a path or a
 * revision, `#` and `?` that cut an address short, and encodings that a server decodes twice.
 */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Locator } from '../../src/registry/locator.js';
import { openSources, type Sources } from '../../src/sources/open-sources.js';
import { urlBelow, urlPath } from '../../src/sources/url-path.js';
import { binary, type LocalServer, localServer } from '../support/fake-registries.js';
import { isolatedEnv } from '../support/isolated-env.js';
import { quiet, readCandidate } from '../support/read-remote.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

async function mirrored(): Promise<{ server: LocalServer; sources: Sources }> {
  const server = await localServer(() => binary(new Uint8Array(3)));
  const home = await temporaryFolder('server-files');
  const env = isolatedEnv(home, {
    HF_ENDPOINT: `${server.origin}/base`,
    ZOO_GITHUB_ENDPOINT: `${server.origin}/base/`,
    npm_config_registry: `${server.origin}/base/`,
    PIP_INDEX_URL: `${server.origin}/base`,
  });
  const sources = openSources({ env, cwd: home });
  opened.push(server, sources);
  return { server, sources };
}

const commit = 'a'.repeat(40);

describe('names in an address', () => {
  it('are encoded, each segment for itself', async () => {
    const { server, sources } = await mirrored();
    const path = 'a b/c#d?e=f&g/%2e%2e/%2f/ü+;..';
    await readCandidate(
      sources.candidate({ scheme: 'hf', repository: 'owner/name', revision: 'refs/pr/1', path }),
    );
    await readCandidate(sources.candidate({ scheme: 'github', repository: 'owner/name', commit, path }));
    const encoded = 'a%20b/c%23d%3Fe%3Df%26g/%252e%252e/%252f/%C3%BC%2B%3B..';
    expect(server.asked.map(({ url }) => url)).toEqual([
      `/base/owner/name/resolve/refs%2Fpr%2F1/${encoded}`,
      `/base/owner/name/${commit}/${encoded}`,
    ]);
  });

  it.each<Locator>([
    { scheme: 'hf', repository: '../name', revision: 'main', path: 'x' },
    { scheme: 'hf', repository: 'owner/..', revision: 'main', path: 'x' },
    { scheme: 'hf', repository: 'owner/name', revision: '..', path: 'x' },
    { scheme: 'hf', repository: 'owner/name', revision: 'main', path: 'a/../../x' },
    { scheme: 'github', repository: 'owner/..', commit, path: 'x' },
    { scheme: 'github', repository: 'owner/name', commit, path: './x' },
    { scheme: 'github', repository: 'owner/name', commit, path: 'a//x' },
    { scheme: 'npm', name: '..', version: '1.0.0' },
    { scheme: 'npm', name: '@a/..', version: '1.0.0' },
    { scheme: 'npm', name: '@../a', version: '1.0.0' },
    { scheme: 'npm', name: 'a/../b', version: '1.0.0' },
    { scheme: 'npm', name: 'a', version: '../../x' },
    { scheme: 'npm', name: 'a', version: 'latest' },
  ])('are refused before any request: %j', async (locator) => {
    const { server, sources } = await mirrored();
    await expect(sources.candidate(locator).open(quiet())).rejects.toMatchObject({
      code: expect.stringMatching(/^(UNSAFE_PATH|USAGE)$/),
    });
    expect(server.asked).toEqual([]);
  });

  it('of Python projects are normalised to letters, digits and dashes', async () => {
    const { server, sources } = await mirrored();
    await sources
      .candidate({ scheme: 'pypi', name: 'A..b__C', version: '1.0' })
      .open(quiet())
      .catch(() => {});
    expect(server.asked.map(({ url }) => url)).toEqual(['/base/a-b-c/']);
  });

  it('arrive as they were meant, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1, unit: 'binary' }), { minLength: 1 }), (segments) => {
        fc.pre(segments.every((segment) => segment.isWellFormed() && segment !== '.' && segment !== '..'));
        const url = urlBelow(new URL('https://host.example/base/?q#f'), urlPath(segments, 'test'));
        expect(url.origin + url.search + url.hash).toBe('https://host.example');
        expect(url.pathname.split('/').slice(2).map(decodeURIComponent)).toEqual(segments);
        expect(url.pathname.startsWith('/base/')).toBe(true);
      }),
    );
  });
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseLocator } from '../../src/registry/locator.js';
import { archiveKind } from '../../src/sources/archive-kind.js';
import { openSources } from '../../src/sources/open-sources.js';
import { localServer } from '../support/fake-registries.js';
import { isolatedEnv } from '../support/isolated-env.js';
import { quiet, readCandidate } from '../support/read-remote.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const COMMIT = 'a'.repeat(40);

describe('openSources', () => {
  it('asks nobody when offline, but reads local files', async () => {
    const server = await localServer(() => undefined);
    const home = await temporaryFolder('offline');
    await writeFile(join(home, 'a.bin'), 'x');
    const sources = openSources({
      env: isolatedEnv(home, {
        npm_config_registry: server.origin,
        PIP_INDEX_URL: server.origin,
        HF_ENDPOINT: server.origin,
        ZOO_GITHUB_ENDPOINT: server.origin,
      }),
      cwd: home,
      offline: true,
    });
    for (const text of [
      'npm:a@1.0.0',
      'pypi:a==1.0',
      'hf:o/n@main#x',
      `github:o/n@${COMMIT}:x`,
      `${server.origin}/x`,
    ]) {
      const candidate = sources.candidate(parseLocator(text));
      await expect(candidate.open(quiet()), text).rejects.toMatchObject({
        code: 'NOT_CACHED',
        message: expect.stringContaining(candidate.label),
        hint: expect.stringContaining('offline'),
      });
    }
    await expect(sources.describe(parseLocator('npm:a@1.0.0'), quiet())).rejects.toMatchObject({
      code: 'NOT_CACHED',
    });
    expect((await readCandidate(sources.candidate(parseLocator('file:a.bin')))).toString()).toBe('x');
    expect(server.asked).toEqual([]);
    await sources.close();
    await server.close();
  });

  it('describes nothing where there is no registry', async () => {
    const sources = openSources({ env: {} });
    for (const text of ['hf:o/n@main#x', `github:o/n@${COMMIT}:x`, 'https://a.example/x', 'file:x']) {
      expect(await sources.describe(parseLocator(text), quiet())).toBeUndefined();
    }
    await sources.close();
  });

  it('closes though nothing was opened, and twice', async () => {
    const sources = openSources({ env: {} });
    await sources.close();
    await sources.close();
  });
});

describe('archiveKind', () => {
  it.each([
    ['npm:a@1.0.0#x.bin', undefined, 'tgz'],
    ['npm:a@1.0.0', undefined, undefined],
    ['pypi:a==1.0#x.bin', undefined, 'zip'],
    ['pypi:a==1.0#x.bin', 'a-1.0-py3-none-any.whl', 'zip'],
    ['pypi:a==1.0#x.bin', 'a-1.0.tar.gz', 'tgz'],
    ['pypi:a==1.0', undefined, undefined],
    ['hf:o/n@main#x.zip', undefined, undefined],
    [`github:o/n@${COMMIT}:x.tgz`, undefined, undefined],
    ['https://a.example/x.TAR.GZ?sig=1#m', undefined, 'tgz'],
    ['https://a.example/x.zip#m', undefined, 'zip'],
    ['https://a.example/download?id=1#m', 'x.tgz', 'tgz'],
    ['https://a.example/x.zip', undefined, undefined],
    ['file:dir/x.tgz#m', undefined, 'tgz'],
    ['file:dir/x.whl#m', undefined, 'zip'],
    ['file:dir/x.tgz', undefined, undefined],
  ] as const)('%s in %s is %s', (text, name, kind) => {
    expect(archiveKind(parseLocator(text), name)).toBe(kind);
  });

  it('refuses members of what is no archive, without showing a query', () => {
    const kind = () => archiveKind(parseLocator('https://a.example/x.bin?sig=s3cret#m'));
    expect(kind).toThrow(expect.objectContaining({ code: 'USAGE' }));
    expect(kind).not.toThrow(/s3cret/);
  });
});

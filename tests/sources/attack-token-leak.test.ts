/**
 * Token leaks: credentials that reach a host, a port, a scheme or a message that they don't belong to
 * (ollama CVE-2025-51471, verdaccio#6225, npm's fetch that compares host names only), and registries that use
 * their answers to make this machine ask elsewhere (SSRF).
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { parseLocator } from '../../src/registry/locator.js';
import { openSources, type Sources } from '../../src/sources/open-sources.js';
import { type Answer, binary, json, type LocalServer, localServer } from '../support/fake-registries.js';
import { isolatedEnv } from '../support/isolated-env.js';
import { quiet, readCandidate } from '../support/read-remote.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const SECRET = 's3cr3t-t0ken';
const WHEEL = 'a-1.0.0-py3-none-any.whl';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

async function server(answer: Parameters<typeof localServer>[0]): Promise<LocalServer> {
  const one = await localServer(answer);
  opened.push(one);
  return one;
}

/** Sources that have a secret for the server in every ecosystem's way. */
async function withSecrets(registry: LocalServer): Promise<Sources> {
  const home = await temporaryFolder('leak');
  const host = `127.0.0.1:${registry.port}`;
  await writeFile(
    join(home, '.npmrc'),
    `registry=http://${host}/npm/\n//${host}/npm/:_authToken=${SECRET}\n`,
  );
  const env = isolatedEnv(home, {
    PIP_INDEX_URL: `http://user:${SECRET}@${host}/simple`,
    HF_ENDPOINT: `http://${host}/hf`,
    HF_TOKEN: SECRET,
    ZOO_GITHUB_ENDPOINT: `http://${host}/gh`,
    GITHUB_TOKEN: SECRET,
  });
  const sources = openSources({ env, cwd: home });
  opened.push(sources);
  return sources;
}

const LOCATORS = {
  npm: parseLocator('npm:a@1.0.0'),
  pypi: parseLocator('pypi:a==1.0.0'),
  hf: parseLocator('hf:o/n@main#x'),
};

/** A registry that names `file` as the place of its package, and answers for its own files with `own`. */
function namesFile(file: () => string, own: (url: string) => Answer | undefined) {
  return ({ url }: { url: string }): Answer | undefined => {
    if (url === '/npm/a/1.0.0') return json({ name: 'a', version: '1.0.0', dist: { tarball: file() } });
    if (url === '/simple/a/') {
      const files = [{ filename: WHEEL, url: file(), hashes: {} }];
      return json({ meta: { 'api-version': '1.0' }, files }, 'application/vnd.pypi.simple.v1+json');
    }
    return own(url);
  };
}

function sawSecret({ asked }: LocalServer): boolean {
  return asked.some(({ url, headers }) => {
    const authorization = headers.authorization ?? '';
    const basic = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString();
    return `${url}${JSON.stringify(headers)}${basic}`.includes(SECRET);
  });
}

describe('a token', () => {
  it.each(Object.entries(LOCATORS))(
    'of %s reaches its own registry, but no other port',
    async (_, locator) => {
      const other = await server(() => binary(Buffer.from('x')));
      const registry: LocalServer = await server(
        namesFile(
          () => `${registry.origin}/npm/file`,
          () => ({ status: 302, headers: { location: `${other.origin}/x` } }),
        ),
      );
      const sources = await withSecrets(registry);
      expect((await readCandidate(sources.candidate(locator))).toString()).toBe('x');
      expect(sawSecret(registry)).toBe(true);
      expect(other.asked).toHaveLength(1);
      expect(sawSecret(other)).toBe(false);
    },
  );

  it.each(['npm', 'pypi'] as const)('of %s does not go with a file on another host', async (scheme) => {
    const other = await server(() => binary(Buffer.from('x')));
    for (const host of ['127.0.0.1', 'localhost']) {
      const registry = await server(
        namesFile(
          () => `http://${host}:${other.port}/npm/a.tgz`,
          () => undefined,
        ),
      );
      const sources = await withSecrets(registry);
      // localhost may be ::1 first, where nobody listens: then there is nothing to leak to.
      await readCandidate(sources.candidate(LOCATORS[scheme])).catch(() => {});
      expect(sawSecret(registry)).toBe(true);
    }
    expect(other.asked.length).toBeGreaterThan(0);
    expect(sawSecret(other)).toBe(false);
  });

  it('of npm does not go to another path of its own host', async () => {
    const registry: LocalServer = await server(
      namesFile(
        () => `${registry.origin}/elsewhere/a.tgz`,
        () => binary(Buffer.from('x')),
      ),
    );
    const sources = await withSecrets(registry);
    await readCandidate(sources.candidate(LOCATORS.npm));
    expect(registry.asked.at(-1)).toMatchObject({ url: '/elsewhere/a.tgz' });
    expect(registry.asked.at(-1)?.headers.authorization).toBeUndefined();
  });

  it.each([
    'file:///etc/passwd',
    'ftp://files.example/x',
    'http://169.254.169.254/latest/meta-data',
    'https://u:p@127.0.0.1:1/x',
  ])('of no ecosystem follows a redirect to %s', async (location) => {
    for (const locator of Object.values(LOCATORS)) {
      const registry: LocalServer = await server(
        namesFile(
          () => `${registry.origin}/npm/file`,
          () => ({ status: 302, headers: { location } }),
        ),
      );
      const sources = await withSecrets(registry);
      const fault = await readCandidate(sources.candidate(locator)).catch((error: unknown) => error);
      expect(fault).toMatchObject({ name: 'SourceFault', kind: 'refused' });
    }
  });

  it.each([
    'file:///etc/passwd',
    'ftp://files.example/x',
    'http://169.254.169.254/latest/meta-data',
    'https://[::ffff:169.254.169.254]/latest/meta-data',
    'https://u:p@127.0.0.1:1/x',
  ])('and no request goes to %s when a registry names it', async (file) => {
    for (const scheme of ['npm', 'pypi'] as const) {
      const registry = await server(
        namesFile(
          () => file,
          () => undefined,
        ),
      );
      const sources = await withSecrets(registry);
      await expect(sources.candidate(LOCATORS[scheme]).open(quiet())).rejects.toMatchObject({
        name: 'SourceFault',
        kind: 'refused',
      });
    }
  });
});

describe('a secret', () => {
  /** All that a program could print of a value. */
  const printed = (value: unknown) =>
    [String(value), JSON.stringify(value), inspect(value, { depth: 20, showHidden: true })].join('\n');

  const answers: [string, (url: string) => Answer | undefined][] = [
    ['401', () => ({ status: 401, headers: { 'www-authenticate': 'Bearer realm="https://evil.example/"' } })],
    ['404', () => undefined],
    ['500', () => ({ status: 500 })],
    ['a page', () => ({ headers: { 'content-type': 'text/html' }, body: '<html>' })],
    ['a redirect that is refused', () => ({ status: 302, headers: { location: 'ftp://x.example/' } })],
  ];

  it.each(answers)('stands in no error, label or JSON when the server answers with %s', async (_, answer) => {
    const registry = await server(({ url }) => answer(url));
    const sources = await withSecrets(registry);
    for (const locator of [...Object.values(LOCATORS), parseLocator(`github:o/n@${'a'.repeat(40)}:x`)]) {
      const candidate = sources.candidate(locator);
      const fault = await readCandidate(candidate).catch((error: unknown) => error);
      expect(fault).toMatchObject({ name: 'SourceFault' });
      expect(printed(fault)).not.toContain(SECRET);
      expect(printed(candidate)).not.toContain(SECRET);
      const encoded = Buffer.from(`user:${SECRET}`).toString('base64');
      expect(printed(fault)).not.toContain(encoded);
    }
    expect(sawSecret(registry)).toBe(true);
  });

  it('stands in no opened file', async () => {
    const registry: LocalServer = await server(
      namesFile(
        () => `${registry.origin}/npm/file?signature=${SECRET}`,
        () => undefined,
      ),
    );
    const sources = await withSecrets(registry);
    for (const locator of Object.values(LOCATORS)) {
      const file = await sources.candidate(locator).open(quiet());
      expect(printed(file)).not.toContain(SECRET);
      const fault = await file.read(undefined, quiet()).catch((error: unknown) => error);
      expect(printed(fault)).not.toContain(SECRET);
    }
  });

  it('that can not be sent is not shown either', async () => {
    const registry = await server(() => undefined);
    const home = await temporaryFolder('leak');
    const env = isolatedEnv(home, {
      npm_config_registry: `${registry.origin}/`,
      [`npm_config_//127.0.0.1:${registry.port}/:_authToken`]: `${SECRET}\nx-injected: 1`,
      HF_ENDPOINT: registry.origin,
      HF_TOKEN: `${SECRET}\nx-injected: 1`,
    });
    const sources = openSources({ env, cwd: home });
    opened.push(sources);
    for (const locator of [LOCATORS.npm, LOCATORS.hf]) {
      const fault = await readCandidate(sources.candidate(locator)).catch((error: unknown) => error);
      expect(fault).toMatchObject({ name: 'SourceFault' });
      expect(printed(fault)).not.toContain(SECRET);
    }
    expect(registry.asked.every(({ headers }) => headers['x-injected'] === undefined)).toBe(true);
  });
});

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { configFiles, isTrusted, readOptions, readPipConfig } from '../../src/sources/pip-config.js';
import { isolatedEnv } from '../support/isolated-env.js';
import { quiet } from '../support/read-remote.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const run = promisify(execFile);

/** An administrator's index for this machine stands above the folders that tests can move. */
function machineHasIndex(): boolean {
  try {
    return readFileSync('/etc/pip.conf', 'utf8').includes('index-url');
  } catch {
    return false;
  }
}

async function home(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder('pip-config');
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

async function settings(files: Readonly<Record<string, string>>, env: Record<string, string> = {}) {
  const folder = await home(files);
  const placed = Object.entries(env).map(([name, value]) => [name, value.replace('~', folder)]);
  return readPipConfig(isolatedEnv(folder, Object.fromEntries(placed)), quiet());
}

const section = (url: string, name = 'global') => `[${name}]\nindex-url = ${url}\n`;
const first = async (...args: Parameters<typeof settings>) => (await settings(...args)).indexes[0]?.href;

describe('readPipConfig', () => {
  it("lets each of pip's places override the weaker ones", async () => {
    const files: Record<string, string> = {
      'xdg/pip/pip.conf': section('https://xdg.example/s'),
      '.pip/pip.conf': section('https://legacy.example/s'),
      '.config/pip/pip.conf': section('https://user.example/s'),
      'venv/pip.conf': section('https://venv.example/s'),
      'named.conf': section('https://named.example/s'),
    };
    const venv = { VIRTUAL_ENV: '~/venv' };
    const named = { ...venv, PIP_CONFIG_FILE: '~/named.conf' };
    expect(await first(files, { ...named, PIP_INDEX_URL: 'https://env.example/s' })).toBe(
      'https://env.example/s',
    );
    expect(await first(files, named)).toBe('https://named.example/s');
    expect(await first(files, venv)).toBe('https://venv.example/s');
    expect(await first(files)).toBe('https://user.example/s');
    delete files['.config/pip/pip.conf'];
    expect(await first(files)).toBe('https://legacy.example/s');
    delete files['.pip/pip.conf'];
    if (!machineHasIndex()) expect(await first(files)).toBe('https://xdg.example/s');
  });

  it("prefers the command's section to [global], wherever it stands", async () => {
    const files = {
      'xdg/pip/pip.conf': section('https://install.example/s', 'install'),
      '.config/pip/pip.conf': section('https://global.example/s'),
    };
    expect(await first(files)).toBe('https://install.example/s');
  });

  it("skips the user's files when PIP_CONFIG_FILE names one that exists", async () => {
    const files = {
      'xdg/pip/pip.conf': section('https://xdg.example/s'),
      '.config/pip/pip.conf': section('https://user.example/s'),
      'named.conf': '[global]\ntimeout = 1\n',
    };
    if (!machineHasIndex()) {
      expect(await first(files, { PIP_CONFIG_FILE: '~/named.conf' })).toBe('https://xdg.example/s');
    }
    expect(await first(files, { PIP_CONFIG_FILE: '~/nowhere.conf' })).toBe('https://user.example/s');
  });

  it('reads what pip reads', async (context) => {
    const folder = await home({
      'xdg/pip/pip.conf': '[global]\nindex-url = https://xdg.example/s\ntrusted-host = a.example\n',
      '.config/pip/pip.conf':
        '[install]\nExtra_Index_URL =\n  https://one.example/s\n  https://two.example/s\n',
      '.pip/pip.conf': '[global]\nindex-url: https://legacy.example/s\n',
    });
    const env = isolatedEnv(folder, { PIP_PROXY: 'http://p.example:1' });
    const pip = await run('python3', ['-m', 'pip', 'config', 'list'], { env }).catch(() => undefined);
    if (pip === undefined) return context.skip('there is no pip here to compare with');
    const options = readOptions({ env, home: folder, platform: process.platform }, undefined);
    const expected = new Map<string, string>();
    for (const line of pip.stdout.split('\n')) {
      const [, kind, name, value] = /^(global|install|:env:)\.([\w-]+)='(.*)'$/.exec(line) ?? [];
      if (kind && name && value !== undefined) expected.set(name, value.replaceAll('\\n', '\n').trim());
    }
    expect(expected.get('index-url')).toBe('https://legacy.example/s');
    for (const name of ['index-url', 'extra-index-url', 'trusted-host', 'proxy']) {
      expect(options.get(name), name).toBe(expected.get(name));
    }
  });

  it('asks extra indexes after the first one, and none with no-index', async () => {
    const own = await settings(
      {},
      {
        PIP_INDEX_URL: 'https://a.example/s/',
        PIP_EXTRA_INDEX_URL: 'https://b.example/s https://c.example/',
      },
    );
    expect(own.indexes.map(String)).toEqual([
      'https://a.example/s',
      'https://b.example/s',
      'https://c.example/',
    ]);
    expect((await settings({}, { PIP_NO_INDEX: '1' })).indexes).toEqual([]);
  });

  it('binds the credentials of an index to its origin and those of netrc to their host', async () => {
    const own = await settings(
      { '.netrc': 'machine files.example login bob password net\nmachine a.example login no password no' },
      { PIP_INDEX_URL: 'https://ann:s%40cret@a.example/s', PIP_EXTRA_INDEX_URL: 'https://tok@b.example/s' },
    );
    const at = (url: string) => own.headersFor(new URL(url)).authorization;
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
    expect(own.indexes[0]?.href).toBe('https://a.example/s');
    expect(at('https://a.example/files/x.whl')).toBe(basic('ann:s@cret'));
    expect(at('https://b.example/s/x/')).toBe(basic('tok:'));
    expect(at('https://files.example/x.whl')).toBe(basic('bob:net'));
    for (const elsewhere of [
      'https://a.example.evil.example/',
      'https://b.example:8443/',
      'http://files.example/x.whl',
      'http://b.example/',
    ]) {
      expect(at(elsewhere), elsewhere).toBeUndefined();
    }
  });

  it('refuses plain http, except on this machine and for trusted hosts', async () => {
    const url = 'http://ann:s3cret@lan.example:8080/s';
    const error = await settings({}, { PIP_INDEX_URL: url }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'USAGE', hint: expect.stringContaining('trusted-host') });
    expect(JSON.stringify(error)).not.toContain('s3cret');
    const own = await settings({}, { PIP_INDEX_URL: url, PIP_TRUSTED_HOST: 'other lan.example' });
    expect(own.headersFor(new URL('http://lan.example:8080/s/a/'))).toHaveProperty('authorization');
    expect(await first({}, { PIP_INDEX_URL: 'http://127.0.0.1:1/s' })).toBe('http://127.0.0.1:1/s');
    expect(isTrusted(new URL('https://a.example:81'), ['a.example'])).toBe(true);
    expect(isTrusted(new URL('https://a.example:81'), ['a.example:82'])).toBe(false);
  });

  it('reads certificates and proxies', async () => {
    const folder = await home({ 'ca.pem': 'PEM' });
    // No files: this machine's own pip.conf may name certificates too.
    const base = { PIP_INDEX_URL: 'https://a.example/s', PIP_CONFIG_FILE: '/dev/null' };
    const own = await readPipConfig(
      isolatedEnv(folder, { ...base, PIP_CERT: join(folder, 'ca.pem'), PIP_PROXY: 'p.example:1' }),
      quiet(),
    );
    expect(own.ca).toEqual(['PEM']);
    expect(own.env).toMatchObject({ https_proxy: 'http://p.example:1', HTTP_PROXY: 'http://p.example:1' });
    const bundle = isolatedEnv(folder, { ...base, REQUESTS_CA_BUNDLE: join(folder, 'ca.pem') });
    expect((await readPipConfig(bundle, quiet())).ca).toEqual(['PEM']);
    expect((await readPipConfig(isolatedEnv(folder, { ...base, PIP_CERT: folder }), quiet())).ca).toEqual([]);
    await expect(settings({}, { ...base, PIP_CERT: '/nowhere.pem' })).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  it('looks where pip looks on each platform', () => {
    const env = { APPDATA: 'roaming', PROGRAMDATA: 'data', VIRTUAL_ENV: 'venv' };
    const at = (platform: NodeJS.Platform) =>
      configFiles({ env, home: 'home', platform }, undefined).map((file) => file.replaceAll('\\', '/'));
    expect(at('win32')).toEqual([
      'data/pip/pip.ini',
      'home/pip/pip.ini',
      'roaming/pip/pip.ini',
      'venv/pip.ini',
    ]);
    expect(at('linux')).toEqual([
      '/etc/xdg/pip/pip.conf',
      '/etc/pip.conf',
      'home/.pip/pip.conf',
      'home/.config/pip/pip.conf',
      'venv/pip.conf',
    ]);
    expect(at('darwin')).toEqual([
      '/Library/Application Support/pip/pip.conf',
      'home/.pip/pip.conf',
      'home/.config/pip/pip.conf',
      'venv/pip.conf',
    ]);
    expect(configFiles({ env: { PIP_CONFIG_FILE: '/dev/null' }, home: 'h', platform: 'linux' }, 'p')).toEqual(
      [],
    );
  });
});

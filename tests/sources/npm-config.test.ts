import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readNpmConfig } from '../../src/sources/npm-config.js';
import { isolatedEnv } from '../support/isolated-env.js';
import { temporaryFolder } from '../support/temporary-folder.js';

interface Files {
  readonly user?: string;
  readonly project?: string;
  readonly global?: string;
  readonly env?: Record<string, string>;
}

async function place({ user, project, global, env }: Files) {
  const home = await temporaryFolder('npm-config');
  const cwd = join(home, 'project', 'deep');
  await mkdir(cwd, { recursive: true });
  await writeFile(join(home, 'project', 'package.json'), '{}');
  if (user) await writeFile(join(home, '.npmrc'), user);
  if (project) await writeFile(join(home, 'project', '.npmrc'), project);
  if (global) await writeFile(join(home, 'global-npmrc'), global);
  return { home, cwd, env: isolatedEnv(home, env) };
}

async function settings(files: Files) {
  const { env, cwd } = await place(files);
  return readNpmConfig(env, cwd);
}

const run = promisify(execFile);

describe('readNpmConfig', () => {
  it('takes the registry from the environment, the project, the user and the global file, in this order', async () => {
    const files = {
      global: 'registry=https://global.example/',
      user: 'registry=https://user.example/npm',
      project: 'registry=https://project.example/',
      env: { NPM_CONFIG_REGISTRY: 'https://env.example/' },
    };
    const seen: string[] = [];
    for (const without of ['', 'env', 'project', 'user'] as const) {
      if (without !== '') delete (files as Files & Record<string, unknown>)[without];
      seen.push((await settings(files)).registryFor('a').href);
    }
    expect(seen).toEqual([
      'https://env.example/',
      'https://project.example/',
      'https://user.example/npm/',
      'https://global.example/',
    ]);
  });

  it("agrees with the installed npm, also on npm's default", async (context) => {
    for (const files of [
      {},
      { user: 'registry=https://user.example/npm/', project: '@scope:registry=https://scoped.example/' },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: npm's own way to name a variable
      { user: 'registry=https://${WHERE}.example/', env: { WHERE: 'elsewhere' } },
    ] satisfies Files[]) {
      const { env, cwd } = await place(files);
      const npm = await run('npm', ['config', 'get', 'registry'], { env, cwd }).catch(() => undefined);
      if (npm === undefined) return context.skip('there is no npm here to compare with');
      const own = await readNpmConfig(env, cwd);
      expect(own.registryFor('a').href.replace(/\/$/, '')).toBe(npm.stdout.trim().replace(/\/$/, ''));
    }
  });

  it('knows registries of scopes', async () => {
    const own = await settings({
      user: 'registry=https://all.example/\n@team:registry=https://team.example/npm',
    });
    expect(own.registryFor('@team/a').href).toBe('https://team.example/npm/');
    expect(own.registryFor('@other/a').href).toBe('https://all.example/');
    expect(own.registryFor('team').href).toBe('https://all.example/');
  });

  it('binds tokens to host, port and path', async () => {
    const own = await settings({
      user: [
        'registry=https://reg.example/npm/',
        '//reg.example/npm/:_authToken=tok',
        '//reg.example/npm/private/:_auth=YTpi',
        '//port.example:8443/:username=ann',
        `//port.example:8443/:_password=${Buffer.from('pässword').toString('base64')}`,
      ].join('\n'),
    });
    const at = (url: string) => own.headersFor(new URL(url)).authorization;
    expect(at('https://reg.example/npm/a/1.0.0')).toBe('Bearer tok');
    expect(at('https://reg.example/npm/private/a')).toBe('Basic YTpi');
    expect(at('https://port.example:8443/a.tgz')).toBe(
      `Basic ${Buffer.from('ann:pässword').toString('base64')}`,
    );
    for (const elsewhere of [
      'https://reg.example/other/a',
      'https://reg.example/npmx/a',
      'https://reg.example:8443/npm/a',
      'https://port.example/a.tgz',
      'https://sub.reg.example/npm/a',
      'http://reg.example/npm/a',
    ]) {
      expect(at(elsewhere), elsewhere).toBeUndefined();
    }
  });

  it('sends a token over plain http only to a registry that is asked that way', async () => {
    const own = await settings({
      user: 'registry=http://lan.example:4873/\n//lan.example:4873/:_authToken=tok',
    });
    expect(own.headersFor(new URL('http://lan.example:4873/a')).authorization).toBe('Bearer tok');
  });

  it('takes a password out of the address of a registry', async () => {
    const own = await settings({ user: 'registry=https://ann:s3cret@reg.example/npm/' });
    expect(own.registryFor('a').href).toBe('https://reg.example/npm/');
    const basic = `Basic ${Buffer.from('ann:s3cret').toString('base64')}`;
    expect(own.headersFor(new URL('https://reg.example/npm/a')).authorization).toBe(basic);
    expect(own.headersFor(new URL('https://reg.example/x')).authorization).toBeUndefined();
  });

  it('reads certificates from ca and cafile, and strict-ssl', async () => {
    const { home, env, cwd } = await place({});
    await writeFile(join(home, 'ca.pem'), 'PEM');
    const user = join(home, '.npmrc');
    await writeFile(user, `cafile=${join(home, 'ca.pem')}\nstrict-ssl=false`);
    expect(await readNpmConfig(env, cwd)).toMatchObject({ ca: ['PEM'], strictSsl: false });
    await writeFile(user, 'ca[]="one\\ntwo"\nca[]="three"');
    expect(await readNpmConfig(env, cwd)).toMatchObject({ ca: ['one\ntwo', 'three'], strictSsl: true });
    await writeFile(user, 'cafile=/nowhere/ca.pem');
    await expect(readNpmConfig(env, cwd)).rejects.toMatchObject({ code: 'USAGE', found: '/nowhere/ca.pem' });
  });

  it('hands the proxies on in the variables that name proxies', async () => {
    const own = await settings({
      user: 'https-proxy=http://p.example:1\nproxy=http://q.example:2\nnoproxy=a.example,b.example',
      env: { HTTPS_PROXY: 'http://env.example:3' },
    });
    expect(own.env).toMatchObject({
      https_proxy: 'http://p.example:1',
      HTTPS_PROXY: 'http://p.example:1',
      http_proxy: 'http://q.example:2',
      no_proxy: 'a.example,b.example',
    });
    const off = await settings({ user: 'proxy=false', env: { HTTPS_PROXY: 'http://env.example:3' } });
    expect(off.env).toMatchObject({ https_proxy: '', HTTPS_PROXY: '' });
    const none = await settings({ env: { HTTPS_PROXY: 'http://env.example:3' } });
    expect(none.env).toMatchObject({ HTTPS_PROXY: 'http://env.example:3' });
    expect(none.env.https_proxy).toBeUndefined();
  });

  it('knows whose tarballs are read from the registry instead', async () => {
    const publicHost = (await settings({})).registryFor('a').host;
    expect((await settings({})).replacedHost).toBe(publicHost);
    expect((await settings({ user: 'replace-registry-host=never' })).replacedHost).toBe('never');
    expect((await settings({ user: 'replace-registry-host=always' })).replacedHost).toBe('always');
    expect((await settings({ user: 'replace-registry-host=old.example:81' })).replacedHost).toBe(
      'old.example:81',
    );
    expect((await settings({ user: 'replace-registry-host=https://old.example' })).replacedHost).toBe(
      'old.example',
    );
  });

  it('changes neither the environment nor the address it was given', async () => {
    const { env, cwd } = await place({ user: 'registry=https://a.example/' });
    const before = JSON.stringify([env, process.env]);
    await readNpmConfig(env, cwd);
    expect(JSON.stringify([env, process.env])).toBe(before);
  });

  it('says which setting is no address, without its value', async () => {
    const error = await settings({ user: 'registry=ftp://ann:s3cret@reg.example/' }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining('registry') });
    expect(JSON.stringify(error)).not.toContain('s3cret');
  });
});

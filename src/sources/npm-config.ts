/**
 * npm's own configuration, read by npm's own library: environment (`npm_config_*`), the project's, the user's and
 * the global npmrc, and the defaults. No registry's address stands in this code.
 */
import { readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, delimiter, dirname, join } from 'node:path';
import { ZooError } from '../core/errors.js';
import { basicAuthorization, readAddress } from './url-credentials.js';

export interface NpmSettings {
  /** The registry for a package's name; its path ends in a slash. */
  registryFor(name: string): URL;
  /**
   * Headers with the credentials that belong to an address: those that npm's configuration binds to its host, port
   * and the longest matching path. Over plain http only when a configured registry is asked that way.
   */
  headersFor(url: URL): Readonly<Record<string, string>>;
  /** `host:port` of tarballs whose origin is replaced by the registry's own; `always`, or `never`. */
  readonly replacedHost: string;
  /** PEM certificates of `ca` and `cafile`. */
  readonly ca: readonly string[];
  /** `strict-ssl`: false when certificates are not to be checked. */
  readonly strictSsl: boolean;
  /** The environment with npm's `proxy`, `https-proxy` and `noproxy` in the variables that name proxies. */
  readonly env: NodeJS.ProcessEnv;
}

/** @throws ZooError `USAGE` when npm's configuration can't be used. Takes about 40 ms, most of it loading npm's library. */
export async function readNpmConfig(env: NodeJS.ProcessEnv, cwd: string): Promise<NpmSettings> {
  const [{ default: Config }, { default: library }] = await Promise.all([
    import('@npmcli/config'),
    import('@npmcli/config/lib/definitions/index.js'),
  ]);
  const config = new Config({
    ...library,
    npmPath: findNpm(env),
    argv: [],
    env: { ...env }, // it writes into this
    cwd,
    warn: false,
  });
  try {
    await config.load();
  } catch (cause) {
    throw new ZooError('USAGE', "npm's configuration can not be read", {
      hint: 'Run "npm config list" to see what is wrong.',
      cause,
    });
  }
  const values = new Map<string, string>();
  // Inherited properties too: each layer inherits from the weaker one below it.
  for (const key in config.list[0]) {
    const value = config.get(key);
    if (typeof value === 'string') values.set(key, value);
  }
  const registries = readRegistries(values);
  const defaultRegistry = String(library.definitions.registry?.default);
  return {
    registryFor(name) {
      const scope = name.startsWith('@') ? name.slice(0, name.indexOf('/')) : '';
      const registry = registries.get(scope) ?? registries.get('');
      if (registry === undefined) throw new ZooError('USAGE', 'npm has no registry configured');
      return registry.url;
    },
    headersFor: (url) => headersFor(url, values, registries),
    replacedHost: replacedHost(values.get('replace-registry-host'), defaultRegistry),
    ca: certificates(config.get('ca'), values.get('cafile')),
    strictSsl: config.get('strict-ssl') !== false,
    env: proxyEnv(env, config.get('proxy'), config.get('https-proxy'), config.get('noproxy')),
  };
}

type Registries = ReadonlyMap<string, ReturnType<typeof readAddress>>;

/** By scope; the default registry under the empty scope. */
function readRegistries(values: ReadonlyMap<string, string>): Registries {
  const registries = new Map<string, ReturnType<typeof readAddress>>();
  for (const [key, value] of values) {
    const scope = key === 'registry' ? '' : /^(@[^:/]+):registry$/i.exec(key)?.[1]?.toLowerCase();
    if (scope === undefined) continue;
    const address = readAddress(value, `npm's setting ${key}`);
    address.url.search = '';
    if (!address.url.pathname.endsWith('/')) address.url.pathname += '/';
    registries.set(scope, address);
  }
  return registries;
}

function headersFor(url: URL, values: ReadonlyMap<string, string>, registries: Registries) {
  const own = [...registries.values()].filter((registry) => registry.url.origin === url.origin);
  // npm binds credentials to host and path only; an answer that leads from https to http must not take them along.
  if (url.protocol !== 'https:' && own.length === 0) return {};
  // `//host/path/` and `//host/path` are both accepted; the longest path wins.
  for (let key = `//${url.host}${url.pathname}`; key.length > 2; key = key.replace(/([^/]+|\/)$/, '')) {
    const authorization = authorizationAt(key, values);
    if (authorization !== undefined) return { authorization };
  }
  const inAddress = own.find((registry) => url.pathname.startsWith(registry.url.pathname))?.authorization;
  return inAddress === undefined ? {} : { authorization: inAddress };
}

function authorizationAt(key: string, values: ReadonlyMap<string, string>): string | undefined {
  const token = values.get(`${key}:_authToken`);
  if (token) return `Bearer ${token}`;
  const user = values.get(`${key}:username`);
  const password = values.get(`${key}:_password`);
  if (user && password) return basicAuthorization(user, Buffer.from(password, 'base64').toString('utf8'));
  const auth = values.get(`${key}:_auth`);
  return auth ? `Basic ${auth}` : undefined;
}

function replacedHost(setting: string | undefined, defaultRegistry: string): string {
  if (setting === undefined || setting === '' || setting === 'npmjs') return new URL(defaultRegistry).host;
  return URL.canParse(setting) && setting.includes('//') ? new URL(setting).host : setting;
}

function certificates(ca: unknown, cafile: string | undefined): string[] {
  if (cafile) {
    try {
      return [readFileSync(cafile, 'utf8')];
    } catch (cause) {
      throw new ZooError('USAGE', "The certificates of npm's setting cafile can not be read", {
        found: cafile,
        cause,
      });
    }
  }
  const list: unknown[] = Array.isArray(ca) ? ca : [ca];
  // One line in an npmrc, with the line breaks written as \n.
  return list.flatMap((pem) => (typeof pem === 'string' && pem !== '' ? [pem.replaceAll('\\n', '\n')] : []));
}

function proxyEnv(env: NodeJS.ProcessEnv, proxy: unknown, httpsProxy: unknown, noProxy: unknown) {
  const result = { ...env };
  if (proxy === false) {
    // npm's way to say that the environment's proxies are not for the registry.
    for (const name of ['http_proxy', 'https_proxy']) setBoth(result, name, '');
  }
  if (typeof proxy === 'string' && proxy !== '') {
    setBoth(result, 'http_proxy', proxy);
    setBoth(result, 'https_proxy', proxy);
  }
  if (typeof httpsProxy === 'string' && httpsProxy !== '') setBoth(result, 'https_proxy', httpsProxy);
  const list = (Array.isArray(noProxy) ? noProxy : [noProxy]).filter((entry) => typeof entry === 'string');
  const joined = list.filter((entry) => entry !== '').join(',');
  if (joined !== '') setBoth(result, 'no_proxy', joined);
  return result;
}

/** Proxy variables are read in lower case first; both spellings must agree. */
export function setBoth(env: NodeJS.ProcessEnv, name: string, value: string): void {
  env[name] = value;
  env[name.toUpperCase()] = value;
}

/** The folder of the installed npm, whose `npmrc` holds what a distributor configured. */
function findNpm(env: NodeJS.ProcessEnv): string {
  const running = env.npm_execpath;
  if (running !== undefined && basename(running) === 'npm-cli.js') return dirname(dirname(running));
  for (const folder of (env.PATH ?? env.Path ?? '').split(delimiter)) {
    if (folder === '') continue;
    for (const command of [join(folder, 'npm'), join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js')]) {
      try {
        const program = realpathSync(command);
        if (basename(program) === 'npm-cli.js') return dirname(dirname(program));
      } catch {
        // not in this folder
      }
    }
  }
  // No npm here: the library's own folder has no npmrc, so only the other places count.
  return dirname(createRequire(import.meta.url).resolve('@npmcli/config'));
}

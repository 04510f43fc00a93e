/**
 * pip's own configuration: which Python index to ask, and how. Read from pip's files and `PIP_*` variables in pip's
 * order; without any, pip itself is asked for its default, so that no index's address stands in this code.
 */
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ZooError } from '../core/errors.js';
import { readNetrc } from './netrc.js';
import { setBoth } from './npm-config.js';
import { askPip } from './pip-default.js';
import { optionName, parsePythonConfig } from './python-config.js';
import { type CleanAddress, readAddress } from './url-credentials.js';

export interface PipSettings {
  /** `index-url`, then each `extra-index-url`; paths end without a slash. */
  readonly indexes: readonly URL[];
  /**
   * Headers with the credentials that belong to an address: those in an index's address for its origin, else the
   * user's netrc for that host. Over plain http only for an index that is itself asked that way.
   */
  headersFor(url: URL): Readonly<Record<string, string>>;
  /** PEM certificates of `cert`. */
  readonly ca: readonly string[];
  /** `trusted-host`: `host` or `host:port` that may be asked by plain http or with any certificate. */
  readonly trustedHosts: readonly string[];
  /** The environment with pip's `proxy` in the variables that name proxies. */
  readonly env: NodeJS.ProcessEnv;
}

export interface PipPlaces {
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  readonly platform: NodeJS.Platform;
}

/** @throws ZooError `USAGE` when a setting makes no sense; `NETWORK` when there is neither a setting nor a pip. */
export async function readPipConfig(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<PipSettings> {
  const home = env.HOME || env.USERPROFILE || homedir();
  const places: PipPlaces = { env, home, platform: process.platform };
  let options = readOptions(places, undefined);
  if (!options.has('index-url') && !isTrue(options.get('no-index'))) {
    const pip = await askPip(env, signal);
    // Only pip knows which folder its Python is installed in, and that folder may hold a pip.conf too.
    options = readOptions(places, pip.prefix);
    if (!options.has('index-url')) options.set('index-url', pip.indexUrl);
  }
  return settingsFrom(options, places);
}

function settingsFrom(options: ReadonlyMap<string, string>, { env, home }: PipPlaces): PipSettings {
  const trustedHosts = words(options.get('trusted-host')).map((host) => host.toLowerCase());
  const addresses = indexAddresses(options, trustedHosts);
  const netrc = readNetrc(env, home);
  const proxy = options.get('proxy');
  const proxied = { ...env };
  if (proxy) {
    const address = proxy.includes('://') ? proxy : `http://${proxy}`;
    for (const name of ['http_proxy', 'https_proxy']) setBoth(proxied, name, address);
  }
  return {
    indexes: addresses.map(({ url }) => url),
    headersFor: (url) => headersFor(url, addresses, netrc),
    ca: certificates(options.get('cert') || env.REQUESTS_CA_BUNDLE || env.CURL_CA_BUNDLE),
    trustedHosts,
    env: proxied,
  };
}

function indexAddresses(
  options: ReadonlyMap<string, string>,
  trustedHosts: readonly string[],
): CleanAddress[] {
  if (isTrue(options.get('no-index'))) return [];
  const texts = [options.get('index-url') ?? '', ...words(options.get('extra-index-url'))];
  return texts.map((text, i) => {
    const address = readAddress(text, i === 0 ? "pip's setting index-url" : "pip's setting extra-index-url");
    const { url } = address;
    if (url.protocol === 'http:' && !isLoopback(url.hostname) && !isTrusted(url, trustedHosts)) {
      throw new ZooError('USAGE', `The Python index at ${url.host} is not reached over https`, {
        hint: `Use its https address, or name ${url.host} in pip's setting trusted-host.`,
      });
    }
    url.search = '';
    url.pathname = url.pathname.replace(/\/+$/, '');
    return address;
  });
}

function headersFor(url: URL, indexes: readonly CleanAddress[], netrc: ReadonlyMap<string, string>) {
  const own = indexes.filter((index) => index.url.origin === url.origin);
  if (url.protocol !== 'https:' && own.length === 0) return {};
  const authorization =
    own.find((index) => index.authorization !== undefined)?.authorization ?? netrc.get(url.hostname);
  return authorization === undefined ? {} : { authorization };
}

/** True when pip's `trusted-host` names the host, with this port or without one. */
export function isTrusted(url: URL, trustedHosts: readonly string[]): boolean {
  return trustedHosts.some((host) => host === url.hostname || host === url.host);
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function certificates(path: string | undefined): string[] {
  if (!path) return [];
  try {
    // A folder of hashed certificates is OpenSSL's business; Node can't read one.
    return statSync(path).isDirectory() ? [] : [readFileSync(path, 'utf8')];
  } catch (cause) {
    throw new ZooError('USAGE', "The certificates of pip's setting cert can not be read", {
      found: path,
      cause,
    });
  }
}

/** pip's options for installing: files from weak to strong, then sections, then the environment. */
export function readOptions(places: PipPlaces, prefix: string | undefined): Map<string, string> {
  const layers = configFiles(places, prefix).map(readConfig);
  const options = new Map<string, string>();
  // A command's own section beats [global], whichever file it stands in.
  for (const section of ['global', 'install']) {
    for (const layer of layers) {
      for (const [name, value] of layer.get(section) ?? []) if (value !== '') options.set(name, value);
    }
  }
  for (const [name, value] of Object.entries(places.env)) {
    if (name.startsWith('PIP_') && value) options.set(optionName(name.slice('PIP_'.length)), value);
  }
  return options;
}

function readConfig(file: string) {
  try {
    return parsePythonConfig(readFileSync(file, 'utf8'));
  } catch {
    return new Map<string, ReadonlyMap<string, string>>(); // most of the places hold no file
  }
}

/** Where pip looks, weakest first. */
export function configFiles({ env, home, platform }: PipPlaces, prefix: string | undefined): string[] {
  const named = env.PIP_CONFIG_FILE;
  // Python's names for the null device.
  if (named === '/dev/null' || named?.toLowerCase() === 'nul') return [];
  const windows = platform === 'win32';
  const file = windows ? 'pip.ini' : 'pip.conf';
  const site = env.VIRTUAL_ENV ?? prefix ?? env.CONDA_PREFIX;
  const user = [join(home, windows ? 'pip' : '.pip', file), join(userFolder(env, home, platform), file)];
  return [
    ...globalFolders(env, platform).map((folder) => join(folder, file)),
    // As in pip: naming a file replaces the user's own.
    ...(named && exists(named) ? [] : user),
    ...(site ? [join(site, file)] : []),
    ...(named ? [named] : []),
  ];
}

function globalFolders(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string[] {
  if (platform === 'win32') return [join(env.PROGRAMDATA ?? 'C:\\ProgramData', 'pip')];
  if (platform === 'darwin') return ['/Library/Application Support/pip'];
  const folders = (env.XDG_CONFIG_DIRS || '/etc/xdg').split(delimiter).filter((folder) => folder !== '');
  return [...folders.map((folder) => join(folder, 'pip')), '/etc'];
}

function userFolder(env: NodeJS.ProcessEnv, home: string, platform: NodeJS.Platform): string {
  if (platform === 'win32') return join(env.APPDATA ?? join(home, 'AppData', 'Roaming'), 'pip');
  const mac = join(home, 'Library', 'Application Support', 'pip');
  if (platform === 'darwin') return exists(mac) ? mac : join(home, '.config', 'pip');
  return join(env.XDG_CONFIG_HOME || join(home, '.config'), 'pip');
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function words(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}

function isTrue(text: string | undefined): boolean {
  return /^(y|yes|t|true|on|1)$/i.test(text ?? '');
}

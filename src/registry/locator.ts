/**
 * Locators: where bytes are. `npm:NAME@VERSION#path`, `pypi:NAME==VERSION#path`, `hf:owner/name@revision#path`,
 * `github:owner/name@commit:path`, `https://…` and `file:…`. Reading one touches neither network nor disk.
 */

import { ZooError } from '../core/errors.js';
import { checkSafePath } from '../core/safe-path.js';

export type Locator =
  /** A package of the npm registry; `path` is inside the tarball, without its first folder (`package/`). */
  | { readonly scheme: 'npm'; readonly name: string; readonly version: string; readonly path?: string }
  /** A distribution of the Python index; `path` is inside the wheel. */
  | { readonly scheme: 'pypi'; readonly name: string; readonly version: string; readonly path?: string }
  | { readonly scheme: 'hf'; readonly repository: string; readonly revision: string; readonly path: string }
  | { readonly scheme: 'github'; readonly repository: string; readonly commit: string; readonly path: string }
  | { readonly scheme: 'https'; readonly url: string; readonly path?: string }
  | { readonly scheme: 'file'; readonly file: string; readonly path?: string };

export type Scheme = Locator['scheme'];

const NPM = /^npm:((?:@[a-z0-9~._-]+\/)?[a-z0-9~._-]+)@([0-9A-Za-z.+-]+)(?:#(.+))?$/;
const PYPI = /^pypi:([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)==([0-9A-Za-z.!+_-]+)(?:#(.+))?$/;
const HF = /^hf:([A-Za-z0-9._-]+\/[A-Za-z0-9._-]+)@([A-Za-z0-9._/-]+)#(.+)$/;
const GITHUB = /^github:([A-Za-z0-9-]+\/[A-Za-z0-9._-]+)@([0-9a-f]{40}):(.+)$/;

/**
 * Reads a locator.
 * @throws ZooError `USAGE` when it is none, `UNSAFE_PATH` when the path in it is refused.
 */
export function parseLocator(text: string): Locator {
  const locator = matchLocator(text);
  if (locator === undefined) {
    throw new ZooError('USAGE', `Not a locator: ${JSON.stringify(text.slice(0, 200))}`, {
      expected:
        'npm:NAME@VERSION#path, pypi:NAME==VERSION#path, hf:owner/name@revision#path, github:owner/name@commit:path, https://… or file:…',
      hint: 'The commit of a github: locator has 40 hex digits; http:// is accepted for loopback only.',
    });
  }
  if (locator.path !== undefined) checkSafePath(locator.path, `locator ${text}`);
  return locator;
}

/** True when `text` reads as a locator rather than as a model's name. */
export function isLocator(text: string): boolean {
  return matchLocator(text) !== undefined;
}

function matchLocator(text: string): Locator | undefined {
  const npm = NPM.exec(text);
  if (npm?.[1] && npm[2]) return { scheme: 'npm', name: npm[1], version: npm[2], ...pathOf(npm[3]) };
  const pypi = PYPI.exec(text);
  if (pypi?.[1] && pypi[2]) return { scheme: 'pypi', name: pypi[1], version: pypi[2], ...pathOf(pypi[3]) };
  const hf = HF.exec(text);
  if (hf?.[1] && hf[2] && hf[3] && !hf[2].split('/').includes('..')) {
    return { scheme: 'hf', repository: hf[1], revision: hf[2], path: hf[3] };
  }
  const github = GITHUB.exec(text);
  if (github?.[1] && github[2] && github[3]) {
    return { scheme: 'github', repository: github[1], commit: github[2], path: github[3] };
  }
  if (text.startsWith('https://') || text.startsWith('http://')) return matchUrl(text);
  if (text.startsWith('file:')) {
    const hash = text.indexOf('#');
    const file = text.slice('file:'.length, hash < 0 ? undefined : hash);
    return file === ''
      ? undefined
      : { scheme: 'file', file, ...pathOf(hash < 0 ? undefined : text.slice(hash + 1)) };
  }
  return undefined;
}

function matchUrl(text: string): Locator | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  // Plain http gives no privacy for tokens; only this machine is near enough to be asked that way.
  const loopback = url.hostname === 'localhost' || url.hostname === '127.0.0.1' || url.hostname === '[::1]';
  if (url.protocol === 'http:' && !loopback) return undefined;
  if (url.username !== '' || url.password !== '') return undefined;
  const path = url.hash === '' ? undefined : decodePath(url.hash.slice(1));
  if (path === null) return undefined;
  url.hash = '';
  return { scheme: 'https', url: url.href, ...pathOf(path) };
}

/** Null for escapes that are no UTF-8. */
function decodePath(escaped: string): string | null {
  try {
    return decodeURIComponent(escaped);
  } catch {
    return null;
  }
}

function pathOf(path: string | undefined): { path?: string } {
  return path === undefined ? {} : { path };
}

/** The locator without its path: the archive or package that the file comes in. */
export function archiveLocator(locator: Locator): string {
  switch (locator.scheme) {
    case 'npm':
      return `npm:${locator.name}@${locator.version}`;
    case 'pypi':
      return `pypi:${locator.name}==${locator.version}`;
    case 'https':
      return locator.url;
    case 'file':
      return `file:${locator.file}`;
    case 'hf':
      return `hf:${locator.repository}@${locator.revision}`;
    case 'github':
      return `github:${locator.repository}@${locator.commit}`;
  }
}

/** The locator in its written form; `parseLocator` reads it back. */
export function formatLocator(locator: Locator): string {
  if (locator.scheme === 'github') return `${archiveLocator(locator)}:${locator.path}`;
  if (locator.path === undefined) return archiveLocator(locator);
  // Only addresses know escapes, so only there a percent sign must be one.
  const path = locator.scheme === 'https' ? locator.path.replaceAll('%', '%25') : locator.path;
  return `${archiveLocator(locator)}#${path}`;
}

/**
 * References: what a person types to name a model. `name`, `category/name`, each with `@version`, `@range`,
 * `@latest` or `@sha256:…`, or a locator. Reading one looks nothing up.
 */
import semver from 'semver';
import { type Digest, parseDigest } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import { CATEGORIES, type Category, NAME_PATTERN } from './card-names.js';
import { type Locator, parseLocator } from './locator.js';

/** Which version of a name is meant. */
export type Wanted =
  /** The newest that is neither a pre-release nor withdrawn. */
  | { readonly by: 'latest' }
  | { readonly by: 'version'; readonly version: string }
  | { readonly by: 'range'; readonly range: string }
  /** Digest of the card; see `cardDigest`. */
  | { readonly by: 'digest'; readonly digest: Digest };

export interface NameReference {
  readonly kind: 'name';
  readonly category?: Category;
  readonly name: string;
  readonly wanted: Wanted;
}

export type Reference = NameReference | { readonly kind: 'locator'; readonly locator: Locator };

// The rule of `cardSchema`, repeated so that reading a reference does not load the schema library.
const MAX_NAME = 80;
const SCHEME = /^[a-z]{2,}:/i;

/**
 * Reads what a person typed. Names are taken in any case.
 * @throws ZooError `USAGE` when it is neither a name nor a locator, `INTEGRITY` for a malformed digest.
 */
export function parseReference(text: string): Reference {
  const trimmed = text.trim();
  if (SCHEME.test(trimmed)) return { kind: 'locator', locator: parseLocator(trimmed) };
  const at = trimmed.indexOf('@');
  const path = (at < 0 ? trimmed : trimmed.slice(0, at)).trim().toLowerCase();
  const wanted: Wanted = at < 0 ? { by: 'latest' } : parseWanted(trimmed.slice(at + 1).trim(), trimmed);
  const slash = path.indexOf('/');
  const name = path.slice(slash + 1);
  if (!NAME_PATTERN.test(name) || name.length > MAX_NAME) throw notAReference(trimmed, name);
  if (slash < 0) return { kind: 'name', name, wanted };
  const category = CATEGORIES.find((known) => known === path.slice(0, slash));
  if (category === undefined) {
    throw new ZooError('USAGE', `Not a category: ${JSON.stringify(path.slice(0, slash).slice(0, 100))}`, {
      expected: CATEGORIES.join(', '),
      hint: `Leave it out: ${name}`,
    });
  }
  return { kind: 'name', category, name, wanted };
}

function parseWanted(text: string, reference: string): Wanted {
  if (text === 'latest') return { by: 'latest' };
  if (/^sha\d+:/i.test(text)) return { by: 'digest', digest: parseDigest(text) };
  const exact = semver.valid(text.replace(/^=\s*/, ''));
  if (exact !== null) {
    // semver drops build metadata, which tells two cards apart.
    const build = text.includes('+') ? text.slice(text.indexOf('+')) : '';
    return { by: 'version', version: exact + build };
  }
  if (text === '' || semver.validRange(text) === null) {
    throw new ZooError(
      'USAGE',
      `Not a version: ${JSON.stringify(text.slice(0, 100))} in ${reference.slice(0, 200)}`,
      {
        expected: '1.2.3, ^1.2, ~1.2.0, ">=1 <2", latest or sha256:…',
      },
    );
  }
  return { by: 'range', range: text };
}

function notAReference(text: string, name: string): ZooError {
  const near = name
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/[.-]{2,}/g, '-')
    .replace(/^[.-]+|[.-]+$/g, '')
    .slice(0, MAX_NAME);
  return new ZooError('USAGE', `Not a name of a model: ${JSON.stringify(text.slice(0, 200))}`, {
    expected: 'lower-case letters and digits joined by hyphens or dots, such as mobilenet-v2@^1',
    hint: NAME_PATTERN.test(near) ? `Did you mean ${near}?` : undefined,
  });
}

/** Writes a reference; `parseReference` reads it back. */
export function formatReference(reference: NameReference): string {
  const name = reference.category === undefined ? reference.name : `${reference.category}/${reference.name}`;
  return reference.wanted.by === 'latest' ? name : `${name}@${formatWanted(reference.wanted)}`;
}

/** The part after the `@`. */
export function formatWanted(wanted: Wanted): string {
  switch (wanted.by) {
    case 'latest':
      return 'latest';
    case 'version':
      return wanted.version;
    case 'range':
      return wanted.range;
    case 'digest':
      return `sha256:${wanted.digest}`;
  }
}

/** What version choosing needs to know of a version. */
export interface VersionChoice {
  readonly version: string;
  readonly digest: string;
  readonly withdrawn: boolean;
}

/**
 * Picks the version that is meant. Withdrawn versions are picked only by their exact version or digest;
 * pre-releases only by version, digest, or a range that names a pre-release itself.
 */
export function chooseVersion<T extends VersionChoice>(
  versions: readonly T[],
  wanted: Wanted,
): T | undefined {
  switch (wanted.by) {
    case 'digest':
      return versions.find((choice) => choice.digest === wanted.digest);
    case 'version':
      return (
        versions.find((choice) => choice.version === wanted.version) ??
        versions.find((choice) => semver.eq(choice.version, wanted.version) && !wanted.version.includes('+'))
      );
    case 'latest':
      return newest(versions.filter((choice) => semver.prerelease(choice.version) === null));
    case 'range':
      return newest(versions.filter((choice) => semver.satisfies(choice.version, wanted.range)));
  }
}

function newest<T extends VersionChoice>(versions: readonly T[]): T | undefined {
  let best: T | undefined;
  for (const choice of versions) {
    if (choice.withdrawn) continue;
    if (best === undefined || compareVersions(choice.version, best.version) > 0) best = choice;
  }
  return best;
}

/** Total order of versions: semantic precedence, then build metadata. */
export function compareVersions(a: string, b: string): number {
  return semver.compareBuild(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** Whether a locator names a file or a member of an archive. */
import { ZooError } from '../core/errors.js';
import { archiveLocator, type Locator } from '../registry/locator.js';
import { addressLabel } from './address-label.js';

export type ArchiveKind = 'tgz' | 'zip';

/**
 * Whether the path of a locator is a member of an archive, and of which kind. `tgz` members of npm packages are
 * named without the tarball's first folder; all others as they stand in the archive.
 * @param archiveName the archive's file name where a card tells it; else the locator's own ending decides.
 * @returns undefined when the locator names the file itself.
 * @throws ZooError `USAGE` when there is a path, but the ending tells no kind.
 */
export function archiveKind(locator: Locator, archiveName?: string): ArchiveKind | undefined {
  if (locator.scheme === 'hf' || locator.scheme === 'github' || locator.path === undefined) return undefined;
  if (locator.scheme === 'npm') return 'tgz';
  const kind = kindOfName(archiveName ?? nameOf(locator));
  if (kind === undefined) {
    const label = locator.scheme === 'https' ? addressLabel(locator.url) : archiveLocator(locator);
    throw new ZooError('USAGE', `${label}#${locator.path} names a file in something that is no archive`, {
      expected: 'an archive that ends in .tgz, .tar.gz, .zip or .whl',
    });
  }
  return kind;
}

function nameOf(locator: Extract<Locator, { scheme: 'pypi' | 'https' | 'file' }>): string {
  if (locator.scheme === 'pypi') return '.whl';
  return locator.scheme === 'https' ? new URL(locator.url).pathname : locator.file;
}

function kindOfName(name: string): ArchiveKind | undefined {
  const lower = name.toLowerCase();
  if (lower.endsWith('.tgz') || lower.endsWith('.tar.gz')) return 'tgz';
  return lower.endsWith('.zip') || lower.endsWith('.whl') ? 'zip' : undefined;
}

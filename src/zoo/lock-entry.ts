/** What `zoo.lock` remembers of a pull. */
import { relative, sep } from 'node:path';
import type { Card } from '../registry/card.js';
import { licenseProblems } from '../registry/license-policy.js';
import { formatLocator, parseLocator } from '../registry/locator.js';
import { localPath } from '../sources/file.js';
import type { FoundCard } from './found-card.js';
import type { LockEntry } from './lockfile.js';

/** The entry of a model that was just pulled, for the lock file in `folder`. */
export function lockEntry(
  reference: string,
  found: FoundCard,
  allowLicenses: readonly string[],
  folder: string,
): LockEntry {
  const allowed = licensesNeeded(found.card, allowLicenses);
  return {
    reference,
    version: found.card.version,
    digest: found.digest,
    license: found.card.license.weights,
    ...(allowed.length > 0 ? { allowedLicenses: allowed } : {}),
    ...(found.origin === 'index' ? {} : { origin: portable(found.origin, folder) }),
  };
}

/** A card's file is named from the lock file's folder on, so that the lock holds wherever a project is checked out. */
function portable(origin: string, folder: string): string {
  const locator = parseLocator(origin);
  if (locator.scheme !== 'file') return origin;
  return formatLocator({
    scheme: 'file',
    file: relative(folder, localPath(locator.file, folder)).split(sep).join('/'),
  });
}

/** Only those that the card would be refused without: an allowance that nothing needs is not remembered. */
function licensesNeeded(card: Card, allowLicenses: readonly string[]): string[] {
  return allowLicenses.filter((license) => {
    const others = allowLicenses.filter((other) => other !== license);
    return licenseProblems(card, others).length > licenseProblems(card, allowLicenses).length;
  });
}

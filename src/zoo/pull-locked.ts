/** `zoo pull --frozen`: exactly what `zoo.lock` says, or nothing. */
import { join } from 'node:path';
import { ZooError } from '../core/errors.js';
import { cardCategory } from '../registry/card-names.js';
import type { FoundCard } from './found-card.js';
import { LOCK_FILE, type Lock, type LockEntry, readLock } from './lockfile.js';

export interface LockedPulls<Result> {
  find(reference: string): Promise<FoundCard>;
  pull(found: FoundCard, allowLicenses: readonly string[]): Promise<Result>;
}

/**
 * Pulls what the lock file of `folder` says, or the entries that `references` name.
 * @throws ZooError `NOT_FOUND` without a lock file or entry, `LOCK_MISMATCH` when a card is not the one that was
 * saved. Everything is compared before anything is fetched.
 */
export async function pullLocked<Result>(
  folder: string,
  references: readonly string[],
  pulls: LockedPulls<Result>,
): Promise<Result[]> {
  const lock = await readLock(folder);
  if (lock === undefined) {
    throw new ZooError('NOT_FOUND', `There is no ${LOCK_FILE} here`, {
      expected: join(folder, LOCK_FILE),
      hint: 'Save one with: zoo pull --save REF',
    });
  }
  const matched: { found: FoundCard; entry: LockEntry }[] = [];
  for (const [name, entry] of chosenEntries(lock, references)) {
    const found = await pulls.find(entry.origin ?? `${name}@${entry.version}`);
    compare(name, entry, found);
    matched.push({ found, entry });
  }
  const results: Result[] = [];
  for (const { found, entry } of matched) results.push(await pulls.pull(found, entry.allowedLicenses ?? []));
  return results;
}

function chosenEntries(lock: Lock, references: readonly string[]): [string, LockEntry][] {
  const entries = Object.entries(lock.models);
  if (references.length === 0) return entries;
  return references.map((reference) => {
    const entry = entries.find(([name, { reference: saved, version }]) =>
      [saved, name, name.split('/')[1], `${name}@${version}`, `${name.split('/')[1]}@${version}`].includes(
        reference,
      ),
    );
    if (entry === undefined) {
      throw new ZooError('LOCK_MISMATCH', `${LOCK_FILE} does not name ${reference}`, {
        expected: entries.map(([name]) => name).join(', '),
        found: reference,
        hint: `To add it: zoo pull --save ${reference}`,
      });
    }
    return entry;
  });
}

function compare(name: string, entry: LockEntry, found: FoundCard): void {
  const { card, digest } = found;
  const differences: [string, string, string][] = [
    ['name', name, `${cardCategory(card)}/${card.name}`],
    ['version', entry.version, card.version],
    ['digest of the card', entry.digest, digest],
    ['licence', entry.license, card.license.weights],
  ];
  for (const [what, expected, actual] of differences) {
    if (expected === actual) continue;
    throw new ZooError('LOCK_MISMATCH', `${name} is not what ${LOCK_FILE} says: another ${what}`, {
      expected,
      found: actual,
      hint: `If the change is meant: zoo pull --save ${entry.reference}`,
    });
  }
}

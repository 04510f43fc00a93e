/**
 * `zoo.lock`: what a project uses, to the byte. `zoo pull --save` writes it; `zoo pull --frozen` installs exactly
 * that and fails on any difference.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { writeFileAtomic } from '../core/atomic-file.js';
import { isDigest } from '../core/digest.js';
import { hasCode, ZooError } from '../core/errors.js';

export const LOCK_FILE = 'zoo.lock';

const entrySchema = z.strictObject({
  reference: z.string().min(1).describe('what was asked for'),
  version: z.string().min(1),
  // An entry without a digest would accept anything (pnpm's CVE-2025-69263), so there is none.
  digest: z.string().refine(isDigest, { error: 'not a sha256 digest' }).describe("the card's digest"),
  license: z.string().min(1).describe('licence of the weights when it was saved'),
  allowedLicenses: z.array(z.string()).optional().describe('licences that --allow-license let through'),
  origin: z.string().optional().describe('where a card that is not in the index came from'),
});

const lockSchema = z.strictObject({
  lockfileVersion: z.literal(1),
  models: z.record(z.string(), entrySchema).describe('by category/name'),
});

export type LockEntry = z.infer<typeof entrySchema>;
export type Lock = z.infer<typeof lockSchema>;

/**
 * Reads the lock file of `folder`; undefined when there is none.
 * @throws ZooError `LOCK_MISMATCH` when it can't be understood: it is never guessed at.
 */
export async function readLock(folder: string): Promise<Lock | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, LOCK_FILE), 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw new ZooError('FILE_SYSTEM', `${LOCK_FILE} can't be read`, {
      found: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
  try {
    return lockSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new ZooError('LOCK_MISMATCH', `${LOCK_FILE} can't be read`, {
      expected: 'a lock file of version 1 in which every model has a digest',
      found:
        cause instanceof z.ZodError
          ? z.prettifyError(cause)
          : cause instanceof Error
            ? cause.message
            : String(cause),
      hint: 'Restore it from version control, or delete it and save it anew with: zoo pull --save REF',
      cause,
    });
  }
}

/** Adds or replaces entries; keys are sorted so that two people's changes merge line by line. */
export async function saveToLock(
  folder: string,
  entries: Readonly<Record<string, LockEntry>>,
): Promise<void> {
  const lock = (await readLock(folder)) ?? { lockfileVersion: 1, models: {} };
  const models = Object.fromEntries(
    Object.entries({ ...lock.models, ...entries }).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  await writeFileAtomic(
    join(folder, LOCK_FILE),
    `${JSON.stringify({ lockfileVersion: 1, models }, undefined, 2)}\n`,
  );
}

/** Every bound of the archive room in one place, and the error that refuses an archive. */
import { ZooError } from '../core/errors.js';

export interface ArchiveLimits {
  /** Members, folders and extended headers counted. */
  readonly maxEntries: number;
  /** Bytes of the whole archive when unpacked. */
  readonly maxUnpackedBytes: number;
  /** Unpacked bytes to archive bytes. Weights barely compress; deflate alone can reach 1,032. */
  readonly maxRatio: number;
  /** Bytes that may be unpacked whatever the ratio, so that small text and JSON may compress well. */
  readonly ratioFreeBytes: number;
  /** Bytes of a zip's central directory, which is held in memory. */
  readonly maxDirectoryBytes: number;
  /** Bytes of one tar extended header, which is held in memory. */
  readonly maxExtendedHeaderBytes: number;
}

export const ARCHIVE_LIMITS: ArchiveLimits = {
  maxEntries: 100_000,
  maxUnpackedBytes: 64 * 2 ** 30,
  maxRatio: 20,
  ratioFreeBytes: 32 * 2 ** 20,
  maxDirectoryBytes: 32 * 2 ** 20,
  maxExtendedHeaderBytes: 64 * 2 ** 10,
};

/** The limits with some of them replaced. */
export function archiveLimits(overrides: Partial<ArchiveLimits> = {}): ArchiveLimits {
  return { ...ARCHIVE_LIMITS, ...overrides };
}

/** How many bytes `packed` bytes of archive may unpack to. */
export function unpackAllowance(packed: number, limits: ArchiveLimits): number {
  return Math.min(limits.maxUnpackedBytes, Math.max(limits.ratioFreeBytes, packed * limits.maxRatio));
}

/** The error for an archive that is refused as a whole; `label` names the archive. */
export function unsafeArchive(
  label: string,
  reason: string,
  details: { expected?: string | number; found?: string | number; cause?: unknown } = {},
): ZooError {
  return new ZooError('UNSAFE_ARCHIVE', `${label} is refused: ${reason}`, {
    hint: 'Nothing of it was kept. Get the files from another source, and tell the publisher.',
    ...details,
  });
}

/** The error for an archive that grows past what its size allows. */
export function tooLarge(label: string, packed: number, allowance: number): ZooError {
  return unsafeArchive(label, 'it unpacks to far more than its size allows', {
    expected: `at most ${allowance} bytes from ${packed}`,
    found: 'more',
  });
}

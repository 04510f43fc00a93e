/**
 * The one error class of the library. Callers branch on `code`; people read `message` and `hint`.
 */

/** Every reason for which the library gives up, grouped by the exit code that the command ends with. */
export const EXIT_CODES = {
  /** Something failed that none of the other codes names. */
  FAILED: 1,
  /** A disk is full, read-only or not permitted. */
  DISK_FULL: 1,
  FILE_SYSTEM: 1,
  /** The command or the arguments make no sense. */
  USAGE: 2,
  /** No such model, version, file or locator. */
  NOT_FOUND: 3,
  AMBIGUOUS: 3,
  /** Offline, and not in the cache. */
  NOT_CACHED: 3,
  /** Bytes that don't hash to what the card says, or an archive, card, lock or index that is malformed. */
  INTEGRITY: 4,
  UNSAFE_ARCHIVE: 4,
  UNSAFE_PATH: 4,
  INVALID_CARD: 4,
  INVALID_INDEX: 4,
  LOCK_MISMATCH: 4,
  /** Servers and the way to them. */
  NETWORK: 5,
  SERVER: 5,
  /** Refused by licence or policy. */
  LICENSE: 6,
  POLICY: 6,
  /** Data that does not fit the network. */
  DATA: 7,
  /** No native TensorFlow. */
  NO_RUNTIME: 8,
  /** Interrupted by the user or an AbortSignal. */
  ABORTED: 130,
} as const;

export type ZooErrorCode = keyof typeof EXIT_CODES;

export interface ZooErrorDetails {
  /** What was asked for or promised, in words or as a value that prints well. */
  expected?: string | number | undefined;
  /** What was there instead. */
  found?: string | number | undefined;
  /** What the user can do next, as a sentence or a command. */
  hint?: string | undefined;
  cause?: unknown;
}

/** An error with a closed code, what was expected, what was found, and what to do next. */
export class ZooError extends Error {
  override readonly name = 'ZooError';
  readonly code: ZooErrorCode;
  readonly expected: string | number | undefined;
  readonly found: string | number | undefined;
  readonly hint: string | undefined;

  constructor(code: ZooErrorCode, message: string, details: ZooErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.expected = details.expected;
    this.found = details.found;
    this.hint = details.hint;
  }

  /** The exit code of a command that ends with this error; see docs/design.md. */
  get exitCode(): number {
    return EXIT_CODES[this.code];
  }

  /** A plain object for `--json`: no cause and no stack, which may name local paths or addresses. */
  toJSON(): Record<string, string | number> {
    const json: Record<string, string | number> = { code: this.code, message: this.message };
    if (this.expected !== undefined) json.expected = this.expected;
    if (this.found !== undefined) json.found = this.found;
    if (this.hint !== undefined) json.hint = this.hint;
    return json;
  }
}

/** True for errors of Node's file system and network calls, which carry a string code. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}

/** True when `error` is a system error with one of these codes, such as `ENOENT`. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return isSystemError(error) && codes.includes(error.code);
}

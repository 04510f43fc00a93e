/**
 * What a source gives the transfer engine: bytes that can be read from any offset, and faults that say what to
 * do next. Everything above sees only this, whatever the scheme.
 */
import type { Span } from '../core/pieces.js';

export interface RemoteRead {
  /** Offset of the first byte of `body`. 0 although a later span was asked for: the server ignored the range. */
  readonly start: number;
  /** Offset after the last byte, when the response says it. */
  readonly end: number | undefined;
  /** Size of the whole file, when the response says it. */
  readonly total: number | undefined;
  /** The bytes. Ends early or throws a `SourceFault` when the connection breaks. Leaving the loop cancels. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Drops the response and its connection; harmless when it has ended. */
  cancel(): void;
}

/** One place where one file's bytes are. Never prints credentials. */
export interface RemoteFile {
  /** Locator or address for messages, without secrets. */
  readonly label: string;
  /** What connections are counted by: `host:port`, or `file` for local ones. */
  readonly host: string;
  /** Size in bytes, where it is known before reading. */
  readonly size: number | undefined;
  /**
   * Reads `span`, or the whole file without one.
   * @throws SourceFault; an abort rejects with the signal's reason.
   */
  read(span: Span | undefined, signal: AbortSignal): Promise<RemoteRead>;
  /** Looks the address up again, for signed addresses that expire. */
  refresh?(signal: AbortSignal): Promise<void>;
}

/** What went wrong with a source, by what helps. */
export type FaultKind =
  /** 429 or 503: wait as long as the server says, then ask again. */
  | 'busy'
  /** Reset, time-out, stall, short body, other 5xx: ask again after a back-off, or elsewhere. */
  | 'broken'
  /** The server answers ranges with the whole file or with 416: read it as one stream, or elsewhere. */
  | 'no-ranges'
  /** 401, 403 or 410 where the address may have expired: `refresh()` once, then elsewhere. */
  | 'expired'
  /** 404, or a file of another size: elsewhere. */
  | 'missing'
  /** Other 4xx, redirects that are not allowed, TLS failures, unknown hosts: elsewhere, not again. */
  | 'refused'
  /** A page instead of the file, a compressed body, a wrong Content-Range or wrong bytes: elsewhere. */
  | 'wrong';

export interface FaultDetails {
  status?: number | undefined;
  /** How long the server asks to wait. */
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

export class SourceFault extends Error {
  override readonly name = 'SourceFault';
  readonly kind: FaultKind;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(kind: FaultKind, message: string, details: FaultDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** The bytes `[offset, offset + size)` of a file as a file of their own, such as a stored member of a zip. */
export function remoteSlice(file: RemoteFile, offset: number, size: number, label: string): RemoteFile {
  return {
    label,
    host: file.host,
    size,
    async read(span, signal) {
      const inner = span ?? { start: 0, end: size };
      const read = await file.read({ start: inner.start + offset, end: inner.end + offset }, signal);
      if (read.start !== inner.start + offset) {
        read.cancel();
        throw new SourceFault('no-ranges', `${label}: the server sends the whole archive instead of a part`);
      }
      return {
        start: inner.start,
        end: read.end === undefined ? undefined : read.end - offset,
        total: size,
        body: read.body,
        cancel: () => read.cancel(),
      };
    },
    ...(file.refresh
      ? { refresh: (signal: AbortSignal) => file.refresh?.(signal) ?? Promise.resolve() }
      : {}),
  };
}

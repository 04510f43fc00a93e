/**
 * Which hosts can't be reached. A model of 28 files whose first source is behind a firewall should wait for one
 * time-out, not for 28.
 */
import { isSystemError } from '../core/errors.js';
import { type RemoteFile, type RemoteRead, SourceFault } from './remote-file.js';

/** Failures to connect after which a host counts as unreachable. */
const MOST_STRIKES = 3;

/** Strikes a failure counts for. A host that swallows packets costs the whole time-out each time. */
const STRIKES = new Map([
  ['ENOTFOUND', MOST_STRIKES],
  ['ETIMEDOUT', MOST_STRIKES],
  ['UND_ERR_CONNECT_TIMEOUT', MOST_STRIKES],
  ['EAI_AGAIN', 1],
  ['ECONNREFUSED', 1],
  ['EHOSTUNREACH', 1],
  ['ENETUNREACH', 1],
]);

/** Remembers hosts that never answered, as long as it lives. A host that once answered is never given up here. */
export class Reachability {
  readonly #answered = new Set<string>();
  readonly #strikes = new Map<string, { readonly count: number; readonly reason: string }>();

  /** @throws SourceFault `refused` when the host has been found unreachable before. */
  check(host: string, label: string): void {
    const struck = this.#strikes.get(host);
    if (struck !== undefined && struck.count >= MOST_STRIKES) {
      throw new SourceFault('refused', `${label}: ${host} could not be reached (${struck.reason})`);
    }
  }

  /** Runs a request to `host` unless it is known to be unreachable, and learns from its outcome. */
  async watch<V>(host: string, label: string, request: () => Promise<V>): Promise<V> {
    this.check(host, label);
    try {
      const answer = await request();
      this.#answered.add(host);
      this.#strikes.delete(host);
      return answer;
    } catch (error) {
      if (error instanceof SourceFault && !this.#answered.has(host)) this.#learn(host, label, error);
      throw error;
    }
  }

  /** `file`, whose reads are watched. */
  watched(file: RemoteFile): RemoteFile {
    const { refresh } = file;
    return {
      label: file.label,
      host: file.host,
      size: file.size,
      read: (span, signal): Promise<RemoteRead> =>
        this.watch(file.host, file.label, () => file.read(span, signal)),
      ...(refresh ? { refresh: (signal: AbortSignal) => refresh.call(file, signal) } : {}),
    };
  }

  #learn(host: string, label: string, fault: SourceFault): void {
    if (fault.status !== undefined) {
      this.#answered.add(host);
      return;
    }
    const strikes = connectStrikes(fault);
    if (strikes === 0) return;
    const before = this.#strikes.get(host)?.count ?? 0;
    const reason = fault.message.replace(`${label}: `, '');
    this.#strikes.set(host, { count: before + strikes, reason });
  }
}

function connectStrikes(error: unknown, depth = 0): number {
  if (!(error instanceof Error) || depth > 4) return 0;
  const own = isSystemError(error) ? STRIKES.get(error.code) : undefined;
  // With several addresses for one host, Node reports all failures in one AggregateError.
  const inner = error instanceof AggregateError ? error.errors[0] : error.cause;
  return own ?? connectStrikes(inner, depth + 1);
}

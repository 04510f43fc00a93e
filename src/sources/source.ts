/** The words of the room: what the file of each scheme gives and takes. */
import type { Digest } from '../core/digest.js';
import type { Reachability } from './reachability.js';
import type { RemoteFile } from './remote-file.js';

/** One possible place of one file, looked up only when it is needed. */
export interface SourceCandidate {
  /** Locator or address for messages, without secrets. */
  readonly label: string;
  /**
   * Looks the place up; asks a registry where needed. The result is kept for further calls.
   * @throws SourceFault when the place can't be found or asked; ZooError `NOT_CACHED` when offline, `USAGE` or
   * `NETWORK` when the configuration of npm, pip or the environment can't be used.
   */
  open(signal: AbortSignal): Promise<RemoteFile>;
}

/** What a card says of the archive that files come in; picks one wheel among a release's many. */
export interface ArchiveHint {
  readonly name: string;
  readonly size: number;
  readonly sha256: Digest;
}

/** What a registry says of a package's archive: a hint for somebody who writes a card, never proof. */
export interface ArchiveFacts {
  readonly name: string;
  /** Bytes. */
  readonly size: number | undefined;
  readonly sha256: Digest | undefined;
  /** Subresource integrity (`sha512-…`) as npm gives it. */
  readonly integrity: string | undefined;
}

export interface SourceContext {
  readonly env: NodeJS.ProcessEnv;
  /** Where relative paths and a project's configuration are looked for. */
  readonly cwd: string;
  readonly reachability: Reachability;
}

export interface Source<L> {
  candidate(locator: L, archive?: ArchiveHint): SourceCandidate;
  /** What the registry says of a package's archive; only where there is a registry. */
  describe?(locator: L, signal: AbortSignal): Promise<ArchiveFacts>;
  close(): Promise<void>;
}

/** The door of the sources room: locators to places where bytes can be read. */
import type { Digest } from '../core/digest.js';
import type { RemoteFile } from './remote-file.js';

/** One possible place of one file, looked up only when it is needed. */
export interface SourceCandidate {
  /** Locator or address for messages, without secrets. */
  readonly label: string;
  /**
   * Looks the place up; asks a registry where needed. The result is kept for further calls.
   * @throws SourceFault when the place can't be found or asked.
   */
  open(signal: AbortSignal): Promise<RemoteFile>;
}

/** What a card says of the archive that files come in; picks one wheel among a release's many. */
export interface ArchiveHint {
  readonly name: string;
  readonly size: number;
  readonly sha256: Digest;
}

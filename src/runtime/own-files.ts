/** The files of a runtime that come from no package. */
import { sha256 } from '../core/digest.js';
import { LOG_LEVEL } from './log-level.js';
import type { InstalledFile } from './runtime-manifest.js';
import { STAND_IN } from './stand-in.js';

export interface OwnFile extends InstalledFile {
  readonly content: string;
}

/** Each is in the manifest: where one has changed, the binding is built anew. */
export const OWN_FILES: readonly OwnFile[] = [STAND_IN, LOG_LEVEL].map(({ path, content }) => ({
  path,
  size: Buffer.byteLength(content),
  sha256: sha256(content),
  content,
}));

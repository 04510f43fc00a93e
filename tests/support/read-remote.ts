/** Reading remote files to their end. */
import type { Span } from '../../src/core/pieces.js';
import type { SourceCandidate } from '../../src/sources/open-sources.js';
import type { RemoteFile } from '../../src/sources/remote-file.js';

/** A signal that is never aborted. */
export const quiet = (): AbortSignal => new AbortController().signal;

export async function readRemote(file: RemoteFile, span?: Span): Promise<Buffer> {
  const { body } = await file.read(span, quiet());
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Opens a candidate and reads all of it. */
export async function readCandidate(candidate: SourceCandidate): Promise<Buffer> {
  return readRemote(await candidate.open(quiet()));
}

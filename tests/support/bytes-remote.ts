/** Bytes in memory or in a local file as a `RemoteFile` that writes down what was read from it. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Span } from '../../src/core/pieces.js';
import type { RemoteFile, RemoteRead } from '../../src/sources/remote-file.js';

export interface RecordedRemote extends RemoteFile {
  /** Spans in the order in which they were asked for. */
  readonly reads: Span[];
  /** Sum of the spans' lengths. */
  bytesRead(): number;
}

function recorded(
  size: number,
  label: string,
  body: (span: Span) => AsyncIterable<Uint8Array>,
): RecordedRemote {
  const reads: Span[] = [];
  return {
    label,
    host: 'file',
    size,
    reads,
    bytesRead: () => reads.reduce((sum, span) => sum + span.end - span.start, 0),
    async read(asked, signal): Promise<RemoteRead> {
      signal.throwIfAborted();
      const span = asked ?? { start: 0, end: size };
      if (span.start < 0 || span.end > size || span.start >= span.end) {
        throw new RangeError(`asked for ${span.start}-${span.end} of ${size} bytes`);
      }
      reads.push(span);
      return { start: span.start, end: span.end, total: size, body: body(span), cancel: () => {} };
    },
  };
}

/** `bytes`, sent in chunks of at most `chunkSize`. */
export function bytesRemote(bytes: Uint8Array, label = 'test.zip', chunkSize = 10_007): RecordedRemote {
  return recorded(bytes.length, label, async function* (span) {
    for (let start = span.start; start < span.end; start += chunkSize) {
      yield bytes.subarray(start, Math.min(start + chunkSize, span.end));
    }
  });
}

/** A local file. */
export async function fileRemote(path: string): Promise<RecordedRemote> {
  return recorded((await stat(path)).size, path, (span) =>
    createReadStream(path, { start: span.start, end: span.end - 1 }),
  );
}

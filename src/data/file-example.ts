/** An example that is a file of its own. */
import { readFile } from 'node:fs/promises';
import { sha256OfFile } from '../core/digest.js';
import { hasCode, ZooError } from '../core/errors.js';
import type { Modality } from '../registry/card-names.js';
import type { Example, Raw } from './dataset.js';

export interface FileExampleOptions {
  /** Where the file is. */
  readonly path: string;
  readonly modality: Modality;
  /** Unique in the data set; the path that messages name is always the file's. */
  readonly name: string;
  readonly labels: readonly string[];
  readonly target?: number | undefined;
  readonly part?: 'train' | 'test' | undefined;
}

/** Nothing is read before it is asked for. */
export function fileExample({ path, modality, name, labels, target, part }: FileExampleOptions): Example {
  return {
    name,
    labels,
    ...(target === undefined ? {} : { target }),
    ...(part === undefined ? {} : { part }),
    load: (signal) => loadFile(path, modality, signal),
    digest: () => sha256OfFile(path),
  };
}

/** The decoders are loaded when the first file needs them. */
async function loadFile(path: string, modality: Modality, signal: AbortSignal | undefined): Promise<Raw> {
  if (modality === 'image') {
    const { decodeImage } = await import('./image/decode.js');
    return decodeImage(path, { signal });
  }
  const bytes = await readWhole(path, signal);
  if (modality === 'audio') {
    const { decodeAudio } = await import('./audio/decode-audio.js');
    return decodeAudio(bytes, path);
  }
  return { kind: 'text', text: utf8(bytes, path) };
}

async function readWhole(path: string, signal: AbortSignal | undefined): Promise<Buffer> {
  try {
    return await readFile(path, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    if (hasCode(error, 'ENOENT')) {
      throw new ZooError('NOT_FOUND', `No such file: ${path}`, { hint: 'Check the path.', cause: error });
    }
    throw new ZooError('DATA', `${path} can't be read`, {
      found: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
}

function utf8(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ZooError('DATA', `${path} is not text in UTF-8`, { hint: 'Save it as UTF-8.', cause });
  }
}

/** Sentence polarity: a zip with one file of positive and one of negative sentences, a sentence a line, UTF-8. */
import { join } from 'node:path';
import { memberBytes } from '../../archive/member-bytes.js';
import { openZip } from '../../archive/zip-directory.js';
import type { Card } from '../../registry/card.js';
import { malformed } from '../../registry/describe/description.js';
import { readWhole } from '../../registry/describe/file-bytes.js';
import type { RemoteFile } from '../../sources/remote-file.js';
import type { Example } from '../dataset.js';
import { textExample } from './text-example.js';

/** The archive has half a megabyte. */
const MAX_ARCHIVE = 16_000_000;
const CLASSES = ['neg', 'pos'];

/** Names are `rt-polarity.pos:12`, with the line. */
export async function readSentencePolarity(
  folder: string,
  card: Card,
  signal: AbortSignal | undefined,
): Promise<Example[]> {
  const file = card.files.find(({ path, role }) => role === 'data' && path.endsWith('.zip'));
  if (file === undefined) throw malformed(card.name, 'its card lists no archive');
  const archive = { path: file.path, file: join(folder, file.path), size: file.size };
  const bytes = await readWhole(archive, MAX_ARCHIVE, 'sentences');
  const wanted = signal ?? new AbortController().signal;
  const zip = await openZip(inMemory(file.path, bytes), wanted);
  const examples: Example[] = [];
  for (const label of CLASSES) {
    const name = `rt-polarity.${label}`;
    const member = await zip.member(`sentence_polarity/${name}`, wanted);
    const chunks: Uint8Array[] = [];
    for await (const chunk of memberBytes(member, wanted)) chunks.push(chunk);
    for (const [index, line] of Buffer.concat(chunks).toString('utf8').split('\n').entries()) {
      const text = line.trim();
      if (text !== '') examples.push(textExample({ name: `${name}:${index + 1}`, text, labels: [label] }));
    }
  }
  return examples;
}

/** As the archive room reads files. */
function inMemory(label: string, bytes: Buffer): RemoteFile {
  return {
    label,
    host: 'file',
    size: bytes.length,
    async read(span) {
      const { start, end } = span ?? { start: 0, end: bytes.length };
      return { start, end, total: bytes.length, body: once(bytes.subarray(start, end)), cancel: () => {} };
    },
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/**
 * The ChatterBot corpus: one YAML file a topic with `conversations`, each a list of lines. A line that opens a
 * conversation speaks of the topic; many answers ("Sort of.") speak of nothing, so they are left out, and an opening
 * that has several answers is taken once.
 */
import { join } from 'node:path';
import { parse, YAMLParseError } from 'yaml';
import * as z from 'zod';
import type { Card } from '../../registry/card.js';
import { malformed } from '../../registry/describe/description.js';
import { readWhole } from '../../registry/describe/file-bytes.js';
import type { Example } from '../dataset.js';
import { textExample } from './text-example.js';

const MAX_FILE = 16_000_000;
/** One conversation of the corpus is a single line and not a list. */
const conversation = z.union([z.array(z.string()).min(1), z.string().transform((line) => [line])]);
const topic = z.looseObject({ conversations: z.array(conversation) });

/** Names are `ai.yml:1` … in the order of the openings; the label is the name of the file. */
export async function readChatterbot(
  folder: string,
  card: Card,
  signal: AbortSignal | undefined,
): Promise<Example[]> {
  const examples: Example[] = [];
  for (const { path, size, role } of card.files) {
    if (role !== 'data' || !path.endsWith('.yml')) continue;
    signal?.throwIfAborted();
    const bytes = await readWhole({ path, file: join(folder, path), size }, MAX_FILE, 'a topic');
    const openings = new Set(
      conversations(path, bytes.toString('utf8')).map((lines) => lines[0]?.trim() ?? ''),
    );
    openings.delete('');
    const label = path.slice(path.lastIndexOf('/') + 1, -'.yml'.length);
    for (const [index, text] of [...openings].entries()) {
      examples.push(textExample({ name: `${path}:${index + 1}`, text, labels: [label] }));
    }
  }
  return examples;
}

function conversations(path: string, text: string): string[][] {
  let yaml: unknown;
  try {
    // Aliases could make a small file a huge document.
    yaml = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    if (error instanceof YAMLParseError || error instanceof ReferenceError) {
      throw malformed(path, 'it is not YAML without aliases', undefined, error.message.slice(0, 200));
    }
    throw error;
  }
  const read = topic.safeParse(yaml);
  if (read.success) return read.data.conversations;
  throw malformed(path, 'it has no conversations', 'a list of lists of lines');
}

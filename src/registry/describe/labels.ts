/** Label names from a file beside a network, when there is exactly one a unit. */
import * as z from 'zod';
import type { FileRole } from '../card.js';
import type { LocalFile } from './description.js';
import { readWhole } from './file-bytes.js';

/** A thousand classes take 20 kB. */
const MAX_LABELS = 16 * 2 ** 20;

const namesSchema = z.array(z.string());
const numberedSchema = z.record(z.string().regex(/^\d+$/), z.string());

/**
 * Reads a list of lines, a JSON array or a JSON object by unit number.
 * @returns undefined when there is no such file, or it has another number of names than `units`.
 */
export async function readLabels(
  files: readonly LocalFile[],
  roles: Readonly<Record<string, FileRole>>,
  units: number | undefined,
): Promise<string[] | undefined> {
  if (units === undefined) return undefined;
  for (const file of files) {
    if (roles[file.path] !== 'labels' || file.size > MAX_LABELS) continue;
    const labels = namesIn((await readWhole(file, MAX_LABELS, 'a list of labels')).toString('utf8'));
    if (labels?.length === units) return labels;
  }
  return undefined;
}

function namesIn(text: string): string[] | undefined {
  if (!/^\s*[[{]/.test(text)) return text.trimEnd().split(/\r?\n/);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const names = namesSchema.safeParse(json);
  if (names.success) return names.data;
  const numbered = numberedSchema.safeParse(json);
  if (!numbered.success) return undefined;
  const list = Object.keys(numbered.data).map((_, unit) => numbered.data[String(unit)]);
  return list.every((name) => name !== undefined) ? list : undefined;
}

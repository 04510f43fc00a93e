/** What was measured, in a JSON file that a later run goes on from. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import * as z from 'zod';

export const WAYS = ['option 1', 'option 2', 'from scratch'] as const;
export type Way = (typeof WAYS)[number];

const resultSchema = z.object({
  /** Examples of each class that were learnt from. */
  count: z.number(),
  seed: z.number(),
  way: z.enum(WAYS),
  /** Share of the test part that is right. */
  accuracy: z.number(),
});
const fileSchema = z.object({ settings: z.record(z.string(), z.unknown()), results: z.array(resultSchema) });

export type Result = z.output<typeof resultSchema>;

export interface Results {
  has(one: Omit<Result, 'accuracy'>): boolean;
  /** Written at once. */
  add(result: Result): void;
  all(): readonly Result[];
}

/** @throws Error where the file was measured with other settings: then none of it may be kept. */
export function openResults(path: string, settings: Readonly<Record<string, unknown>>): Results {
  const results: Result[] = existsSync(path) ? read(path, settings).results : [];
  return {
    has: ({ count, seed, way }) =>
      results.some((one) => one.count === count && one.seed === seed && one.way === way),
    add(result) {
      results.push(result);
      const lines = results.map((one) => `    ${JSON.stringify(one)}`).join(',\n');
      const text = `{\n  "settings": ${JSON.stringify(settings)},\n  "results": [\n${lines}\n  ]\n}\n`;
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path);
    },
    all: () => results,
  };
}

function read(path: string, settings: Readonly<Record<string, unknown>>) {
  const file = fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  if (JSON.stringify(file.settings) === JSON.stringify(settings)) return file;
  throw new Error(
    `${path} was measured with other settings: ${JSON.stringify(file.settings)}. Delete it to begin anew.`,
  );
}

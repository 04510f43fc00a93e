/** `runtime.json`: what an installed runtime is made of. Written last; a folder without it is no runtime. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { isDigest } from '../core/digest.js';
import { hasCode } from '../core/errors.js';
import { checkSafePath } from '../core/safe-path.js';
import { MANIFEST_FILE } from './runtime-layout.js';

const fileSchema = z.strictObject({
  path: z.string(),
  size: z.int().nonnegative(),
  sha256: z.string().refine(isDigest),
});

const manifestSchema = z.object({
  tensorflow: z.string(),
  device: z.enum(['cpu', 'gpu']),
  platform: z.string(),
  /** Of this project's tests, when it was installed. */
  tested: z.boolean(),
  /** The Node that proved it. */
  node: z.string(),
  /** First line of the compiler's `--version`. */
  compiler: z.string(),
  files: z.array(fileSchema),
});

export type InstalledFile = z.infer<typeof fileSchema>;
export type RuntimeManifest = z.infer<typeof manifestSchema>;

/** Undefined when there is none, or one that can't be read: then the runtime counts as half-removed. */
export async function readManifest(folder: string): Promise<RuntimeManifest | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, MANIFEST_FILE), 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
  try {
    const manifest = manifestSchema.parse(JSON.parse(text));
    for (const { path } of manifest.files) checkSafePath(path, 'a file of a runtime');
    return manifest;
  } catch {
    return undefined;
  }
}

export function writtenManifest(manifest: RuntimeManifest): string {
  return `${JSON.stringify(manifest, undefined, 1)}\n`;
}

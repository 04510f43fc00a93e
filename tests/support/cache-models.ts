/** Small models in real caches. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cache } from '../../src/cache/cache.js';
import type { InstalledModel } from '../../src/cache/installed-models.js';
import { sha256 } from '../../src/core/digest.js';
import { hashPieces } from '../../src/core/pieces.js';
import type { Card, CardFile } from '../../src/registry/card.js';
import { checkCard } from '../../src/registry/parse-card.js';

export type Contents = Readonly<Record<string, Uint8Array | string>>;

export interface TestModel {
  readonly card: Card;
  readonly contents: Contents;
}

export interface ModelOptions {
  name?: string;
  version?: string;
}

/** A card, checked as any other, for files with these contents. */
export async function testModel(contents: Contents, options: ModelOptions = {}): Promise<TestModel> {
  const files = await Promise.all(Object.entries(contents).map(([path, content]) => cardFile(path, content)));
  const card = checkCard(
    {
      kind: 'model',
      name: options.name ?? 'tiny-net',
      version: options.version ?? '1.0.0',
      modality: 'image',
      task: 'image-classification',
      summary: 'A network of the tests that recognises nothing.',
      published: '2026-11-24',
      format: { name: 'tfjs-layers' },
      license: { weights: 'Apache-2.0', statedIn: 'this file', checked: '2026-11-24' },
      files,
    },
    'test card',
  );
  return { card, contents };
}

async function cardFile(path: string, content: Uint8Array | string): Promise<CardFile> {
  const bytes = Buffer.from(content);
  const { pieces } = await hashPieces(
    (async function* () {
      yield bytes;
    })(),
  );
  return {
    path,
    role: path.endsWith('.json') ? 'topology' : 'weights',
    size: bytes.length,
    sha256: sha256(bytes),
    ...(pieces.length > 0 ? { pieces: [...pieces] } : {}),
    sources: ['https://example.org/a-file'],
  };
}

/** Writes a part as a download would and publishes it. */
export async function publishBytes(cache: Cache, content: Uint8Array | string): Promise<string> {
  const bytes = Buffer.from(content);
  const part = join(cache.partialFolder, `${randomBytes(8).toString('hex')}.part`);
  await writeFile(part, bytes);
  return cache.publish(part, sha256(bytes), bytes.length);
}

export async function publishAll(cache: Cache, { contents }: TestModel): Promise<void> {
  for (const content of Object.values(contents)) await publishBytes(cache, content);
}

/** Publishes and installs. */
export async function installModel(cache: Cache, model: TestModel): Promise<InstalledModel> {
  await publishAll(cache, model);
  return cache.install(model.card);
}

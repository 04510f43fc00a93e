/**
 * Cards whose files lie in repositories on GitHub, pulled through a local server that ZOO_GITHUB_ENDPOINT names and
 * that has the real files of the shared folder.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import type { Card } from '../../src/registry/card.js';
import { parseLocator } from '../../src/registry/locator.js';
import { parseCard } from '../../src/registry/parse-card.js';
import { binary, localServer } from '../support/fake-registries.js';
import { recordEvents, useWorld } from '../support/zoo-world.js';

const SHARED = fileURLToPath(new URL('../../../shared', import.meta.url));
const REGISTRY = fileURLToPath(new URL('../../registry', import.meta.url));
const NAMES = [
  'audio/crepe-tiny',
  'audio/keyword-spotting-dscnn',
  'image/mobilenet-v1-025',
  'image/resnet8-cifar10',
  'image/visual-wake-words',
];

interface CatalogueModel {
  readonly id: string;
  readonly files: readonly { readonly sha256: string; readonly shared?: string }[];
}

const world = useWorld();

/** Path in the shared folder of each file, by its digest. */
async function sharedFiles(): Promise<Map<string, string>> {
  const text = await readFile(join(SHARED, 'catalogue', 'models.json'), 'utf8');
  const models: CatalogueModel[] = JSON.parse(text);
  return new Map(
    models.flatMap(({ files }) =>
      files.flatMap(({ sha256: digest, shared }) =>
        shared === undefined ? [] : [[digest, join(SHARED, shared)] as const],
      ),
    ),
  );
}

async function readCard(name: string): Promise<Card> {
  return parseCard(await readFile(join(REGISTRY, name, '1.0.0.json'), 'utf8'), name);
}

describe.skipIf(!existsSync(join(SHARED, 'models')))(
  'models of the shared folder (skipped without it)',
  () => {
    it.each(NAMES)('%s', async (name) => {
      const card = await readCard(name);
      const local = await sharedFiles();
      const byPath = new Map<string, string>();
      for (const file of card.files) {
        const path = local.get(file.sha256);
        for (const source of file.sources) {
          const locator = parseLocator(source);
          if (locator.scheme !== 'github' || path === undefined) continue;
          byPath.set(`/${locator.repository}/${locator.commit}/${locator.path}`, path);
        }
      }
      expect(byPath.size).toBeGreaterThan(0);
      const mirror = world.current.closeLater(
        await localServer(async ({ url }) => {
          const path = byPath.get(decodeURI(url));
          return path === undefined ? undefined : binary(await readFile(path));
        }),
      );
      // A token for GitHub must not reach the mirror.
      world.current.setEnv({ ZOO_GITHUB_ENDPOINT: mirror.origin, GITHUB_TOKEN: 'secret-of-the-user' });
      await world.current.index(card);
      const zoo = await world.current.zoo();
      const { onEvent, of } = recordEvents();
      const result = await zoo.pull(card.name, { onEvent });
      expect(of('fallback')).toEqual([]);
      for (const file of card.files) {
        expect(sha256(await readFile(join(result.path, file.path))), file.path).toBe(file.sha256);
      }
      expect((await zoo.verify()).report.ok).toBe(true);
      expect(await world.current.leftovers()).toEqual([]);
      expect(JSON.stringify(mirror.asked.map(({ headers }) => headers))).not.toContain('secret-of-the-user');
    });
  },
);

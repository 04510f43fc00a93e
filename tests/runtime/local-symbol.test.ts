/** Variables of libraries that don't export them, against what a compiler has really built and `nm` says. */
import { execFile } from 'node:child_process';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { localSymbol } from '../../src/runtime/local-symbol.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const run = promisify(execFile);

/** A library whose `level` of the namespace `inner` nobody outside can name. */
async function library(source: string, ...more: string[]): Promise<string> {
  const folder = await temporaryFolder('library');
  await writeFile(join(folder, 'source.cc'), source);
  await run('c++', ['-shared', '-fPIC', ...more, 'source.cc', '-o', 'library.so'], { cwd: folder });
  return join(folder, 'library.so');
}

function find(path: string, more: { readonly size?: number; readonly name?: RegExp } = {}) {
  const wanted = { part: 'level', name: /^_ZN5inner12_GLOBAL__N_15levelE$/, size: 4, ...more };
  return localSymbol(path, wanted, new AbortController().signal);
}

const ONE = `
  namespace inner { namespace { volatile int level; } int get() { return level; } }
  namespace other { namespace { volatile int level; } int get() { return level; } }`;

describe.skipIf(process.platform !== 'linux')('localSymbol', () => {
  it('finds the address where nm does', async () => {
    const path = await library(ONE);
    const { stdout } = await run('nm', [path]);
    const [, address] = /^([0-9a-f]+) b _ZN5inner12_GLOBAL__N_15levelE$/m.exec(stdout) ?? [];
    expect(await find(path)).toBe(Number.parseInt(address ?? '', 16));
  });

  it('finds none in a library without its own symbols, and none of another size or name', async () => {
    expect(await find(await library(ONE, '-s'))).toBeUndefined();
    const path = await library(ONE);
    expect(await find(path, { size: 8 })).toBeUndefined();
    expect(await find(path, { name: /^level$/ })).toBeUndefined();
    expect(await find(await library('namespace inner { int level() { return 1; } }'))).toBeUndefined();
  });

  it('chooses none of several', async () => {
    expect(await find(await library(ONE), { name: /_GLOBAL__N_15levelE$/ })).toBeUndefined();
  });

  it('finds none in what is no library, or only the beginning of one', async () => {
    const text = join(await temporaryFolder(), 'library.so');
    await writeFile(text, 'no library, whatever its level');
    expect(await find(text)).toBeUndefined();
    await writeFile(text, '');
    expect(await find(text)).toBeUndefined();
    const path = await library(ONE);
    await truncate(path, 5000);
    expect(await find(path)).toBeUndefined();
  });

  it('stops when it is told to', async () => {
    const wanted = { part: 'level', name: /level/, size: 4 };
    const aborted = localSymbol(await library(ONE), wanted, AbortSignal.abort(new Error('enough')));
    await expect(aborted).rejects.toThrow('enough');
  });
});

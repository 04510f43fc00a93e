/** What newer versions of Node have taken out of `util`, given back to one package only. */
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { requireWithOldUtil } from '../../src/runtime/node-compat.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const util: Record<string, unknown> = createRequire(import.meta.url)('node:util');

async function files() {
  const root = await realpath(await temporaryFolder());
  const [theirs, others] = [join(root, 'theirs'), join(root, 'theirs-too')];
  for (const folder of [theirs, others]) await mkdir(folder);
  await writeFile(join(others, 'index.js'), "module.exports = require('util');");
  await writeFile(
    join(theirs, 'index.js'),
    `const util = require('util');
     module.exports = { own: util, inner: require('./inner.js'), other: require('../theirs-too/index.js') };`,
  );
  await writeFile(join(theirs, 'inner.js'), "module.exports = require('node:util');");
  return { theirs, entry: join(theirs, 'index.js'), others };
}

it('is there for modules of the package, whose util is otherwise the same', async () => {
  const { theirs, entry } = await files();
  const { own, inner } = requireWithOldUtil(entry, theirs) as Record<string, Record<string, unknown>>;
  const isNullOrUndefined = own?.isNullOrUndefined as (value: unknown) => boolean;
  expect([null, undefined, 0, '', false].map(isNullOrUndefined)).toEqual([true, true, false, false, false]);
  const isArray = own?.isArray as (value: unknown) => boolean;
  expect([isArray([]), isArray({ length: 0 })]).toEqual([true, false]);
  expect(inner).toBe(own);
  expect(own?.inspect).toBe(util.inspect);
});

it("leaves Node's own util alone, for everybody else and afterwards", async () => {
  const before = Object.getOwnPropertyNames(util);
  const { theirs, entry, others } = await files();
  const { other } = requireWithOldUtil(entry, theirs) as Record<string, unknown>;
  expect(other).toBe(util);
  expect(createRequire(entry)(join(others, 'index.js'))).toBe(util);
  expect(Object.getOwnPropertyNames(util)).toEqual(before);
});

it('puts the loader back when loading fails', async () => {
  const { theirs } = await files();
  await writeFile(join(theirs, 'broken.js'), "throw new Error('broken on purpose')");
  expect(() => requireWithOldUtil(join(theirs, 'broken.js'), theirs)).toThrow('broken on purpose');
  await writeFile(join(theirs, 'after.js'), "module.exports = require('util')");
  expect(createRequire(join(theirs, 'after.js'))(join(theirs, 'after.js'))).toBe(util);
});

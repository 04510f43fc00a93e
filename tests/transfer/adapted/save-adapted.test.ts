/** Folders of adapted models as they are written. */
import { mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { isTemporaryName } from '../../../src/core/atomic-file.js';
import { sha256 } from '../../../src/core/digest.js';
import { cardDigest } from '../../../src/registry/canonical-card.js';
import { readAdapted } from '../../../src/transfer/adapted/read-adapted.js';
import { checkAdaptedTarget, saveAdapted } from '../../../src/transfer/adapted/save-adapted.js';
import { classifier } from '../../../src/transfer/heads/classifier.js';
import { regressor } from '../../../src/transfer/heads/regressor.js';
import { float32 } from '../../../src/transfer/heads/weight-data.js';
import { runScript } from '../../support/child-script.js';
import { smallVolume } from '../../support/small-volume.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { thrownBy } from '../../support/thrown-by.js';
import { BASE, DIGITS, fittedHead, sampleContent } from './sample-adapted.js';

/** Name, size and digest of every file, hidden ones too. */
async function contentsOf(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  const entries = names.map(async (name) => [name, sha256(await readFile(join(folder, name)))] as const);
  return Object.fromEntries(await Promise.all(entries));
}

const another = () => sampleContent({ head: fittedHead(classifier({ labels: DIGITS }), 1280, 2), seed: 8 });

describe('an adapted model', () => {
  it('of ten classes on 1,280 features has kilobytes, and a card with base, licence and labels', async () => {
    const folder = join(await temporaryFolder(), 'models', 'digits');
    const card = await saveAdapted(folder, sampleContent());
    expect((await readdir(folder)).sort()).toEqual(['adapted.json', 'card.json', 'head.safetensors']);
    let size = 0;
    for (const name of await readdir(folder)) size += (await stat(join(folder, name))).size;
    expect(size).toBeLessThan(60_000);
    expect(card).toMatchObject({
      name: 'digits',
      version: '1.0.0',
      task: 'image-classification',
      published: '2026-11-27',
      format: { name: 'zoo-adapted' },
      parameters: 12_810,
      license: BASE.license,
      input: BASE.input,
      output: { units: 10, activation: 'softmax', labels: DIGITS },
      features: { layer: 'global_pool', width: 1280, pooling: 'average' },
      base: { reference: 'image/mobilenet-v2@1.0.0', digest: cardDigest(BASE) },
    });
    expect(card.summary).toBe(
      'mobilenet-v2@1.0.0 with a new linear head for 10 labels: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9.',
    );
    expect(JSON.parse(await readFile(join(folder, 'card.json'), 'utf8'))).toEqual(card);
  });

  it('is the same bytes for the same content', async () => {
    const folder = await temporaryFolder();
    const cards = [];
    for (const name of ['one', 'two']) cards.push(await saveAdapted(join(folder, name), sampleContent()));
    expect(await contentsOf(join(folder, 'one'))).toEqual(await contentsOf(join(folder, 'two')));
    expect(cards[0]).toEqual(cards[1]);
    await saveAdapted(join(folder, 'three'), another());
    expect(await contentsOf(join(folder, 'three'))).not.toEqual(await contentsOf(join(folder, 'one')));
  });

  it('holds the tensors of the base that training changed, and counts them', async () => {
    const folder = join(await temporaryFolder(), 'changed');
    const changed = new Map([['block_16/kernel', float32([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6))]]);
    const card = await saveAdapted(folder, sampleContent({ changed }));
    expect(card.parameters).toBe(12_816);
    expect(card.files.map(({ path }) => path)).toEqual([
      'adapted.json',
      'head.safetensors',
      'changed.safetensors',
    ]);
    expect((await readAdapted(folder)).changed).toEqual(changed);
  });

  it('of a number has no labels, and says what the caller says', async () => {
    const folder = join(await temporaryFolder(), 'ages');
    const head = fittedHead(regressor(), 8);
    const card = await saveAdapted(
      folder,
      sampleContent({ head, name: 'ages', version: '2.1.0', summary: 'How old a tree is.' }),
    );
    expect(card).toMatchObject({ name: 'ages', version: '2.1.0', task: 'image-regression' });
    expect(card.output).toEqual({ units: 1, activation: 'none' });
    expect(card.summary).toBe('How old a tree is.');
  });
});

describe('a folder', () => {
  it('may be missing, empty, or a link to one', async () => {
    const parent = await temporaryFolder();
    await mkdir(join(parent, 'empty'));
    await mkdir(join(parent, 'elsewhere'));
    await symlink(join(parent, 'elsewhere'), join(parent, 'link'), 'junction');
    for (const name of ['empty', 'link', 'new']) await saveAdapted(join(parent, name), sampleContent());
    expect((await readAdapted(join(parent, 'elsewhere'))).card.name).toBe('digits');
    expect((await readdir(parent)).sort()).toEqual(['elsewhere', 'empty', 'link', 'new']);
  });

  it.each<[string, (folder: string) => Promise<unknown>]>([
    ['that is a file', (folder) => writeFile(folder, 'x')],
    ['below a file', (folder) => writeFile(join(folder, '..'), 'x').catch(() => writeFile(folder, 'x'))],
    [
      'with files of somebody',
      async (folder) => {
        await mkdir(folder);
        await writeFile(join(folder, 'thesis.docx'), 'x');
      },
    ],
    [
      'with a model and something else',
      async (folder) => {
        await saveAdapted(folder, sampleContent());
        await writeFile(join(folder, 'notes.txt'), 'x');
      },
    ],
    [
      'with a model and a subfolder of a usual name',
      async (folder) => {
        await saveAdapted(folder, sampleContent());
        await mkdir(join(folder, 'changed.safetensors'));
      },
    ],
    [
      'with the card of another program',
      async (folder) => {
        await mkdir(folder);
        await writeFile(join(folder, 'card.json'), '{"format":{"name":"visiting card"}}');
      },
    ],
    [
      'with a card that is no JSON',
      async (folder) => {
        await mkdir(folder);
        await writeFile(join(folder, 'card.json'), 'BEGIN:VCARD');
      },
    ],
  ])('%s is never touched, whatever is allowed', async (_, prepare) => {
    const parent = await temporaryFolder();
    const folder = join(parent, 'digits');
    await prepare(folder);
    const before = await treeOf(parent);
    for (const options of [{}, { overwrite: true }]) {
      expect((await thrownBy(() => checkAdaptedTarget(folder, options))).code).toBe('FILE_SYSTEM');
      expect((await thrownBy(() => saveAdapted(folder, another(), options))).code).toBe('FILE_SYSTEM');
    }
    expect(await treeOf(parent)).toEqual(before);
  });

  it('with a model is replaced only where that is asked for, also a damaged one', async () => {
    const parent = await temporaryFolder();
    const folder = join(parent, 'digits');
    await saveAdapted(folder, sampleContent());
    const before = await contentsOf(folder);
    const error = await thrownBy(() => saveAdapted(folder, another()));
    expect([error.code, error.message]).toEqual(['FILE_SYSTEM', 'There is an adapted model already']);
    expect(await contentsOf(folder)).toEqual(before);
    await rm(join(folder, 'head.safetensors'));
    await saveAdapted(folder, another(), { overwrite: true });
    expect((await readAdapted(folder)).details.seed).toBe(8);
    expect(await readdir(parent)).toEqual(['digits']);
  });
});

async function treeOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const lines = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    return `${path} ${entry.isFile() ? sha256(await readFile(path)) : 'folder'}`;
  });
  return (await Promise.all(lines)).sort();
}

describe('a save that fails', () => {
  it('for a bad name, version or date leaves nothing', async () => {
    const parent = await temporaryFolder();
    for (const bad of [{ name: 'My Digits' }, { version: 'one' }, { published: 'yesterday' }]) {
      const folder = join(parent, 'digits');
      expect((await thrownBy(() => saveAdapted(folder, sampleContent(bad)))).code).toBe('INVALID_CARD');
      expect(await readdir(parent)).toEqual([]);
    }
  });

  it('because the caller stops leaves the old one', async () => {
    const parent = await temporaryFolder();
    const folder = join(parent, 'digits');
    await saveAdapted(folder, sampleContent());
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(saveAdapted(folder, another(), { overwrite: true, signal })).rejects.toThrow('enough');
    expect((await readAdapted(folder)).details.seed).toBe(7);
    expect(await readdir(parent)).toEqual(['digits']);
  });

  it('on a full disk leaves the old one and nothing else', async (context) => {
    const volume = await smallVolume('size=256k');
    if (volume === undefined) return context.skip();
    try {
      const folder = join(volume.path, 'digits');
      await saveAdapted(folder, sampleContent());
      const changed = new Map([['kernel', float32([100_000], new Float32Array(100_000))]]);
      const saving = saveAdapted(folder, sampleContent({ changed }), { overwrite: true });
      await expect(saving).rejects.toMatchObject({ code: 'ENOSPC' });
      expect((await readAdapted(folder)).details.seed).toBe(7);
      expect(await readdir(volume.path)).toEqual(['digits']);
    } finally {
      volume.unmount();
    }
  });

  it('because another was faster says so, and one of them is whole', async () => {
    const parent = await temporaryFolder();
    const folder = join(parent, 'digits');
    for (let round = 0; round < 12; round++) {
      if (round % 2 === 1) await mkdir(folder);
      const both = await Promise.allSettled([
        saveAdapted(folder, sampleContent()),
        saveAdapted(folder, another()),
      ]);
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const failed = both.find((one) => one.status === 'rejected');
      expect(failed?.reason).toMatchObject({ name: 'ZooError', code: 'FILE_SYSTEM' });
      expect([7, 8]).toContain((await readAdapted(folder)).details.seed);
      expect(await readdir(parent)).toEqual(['digits']);
      await rm(folder, { recursive: true });
    }
  });

  it('because it is killed leaves a whole model, again and again', async () => {
    const parent = await temporaryFolder();
    const folder = join(parent, 'digits');
    await saveAdapted(folder, sampleContent({ seed: 0 }));
    for (let round = 0; round < 4; round++) {
      const child = runScript('transfer/adapted/processes/keep-saving.ts', [folder]);
      await child.line('begun');
      // Somewhere in the middle of a save, another place each round.
      await sleep(40 + 17 * round);
      child.process.kill('SIGKILL');
      expect((await child.ended).signal).toBe('SIGKILL');
      await bringBack(parent, folder);
      expect([0, 1, 2]).toContain((await readAdapted(folder)).details.seed);
      for (const name of await readdir(parent)) {
        expect(name === 'digits' || (isTemporaryName(name) && name.startsWith('.digits.'))).toBe(true);
      }
    }
    await saveAdapted(folder, another(), { overwrite: true });
    expect((await readAdapted(folder)).details.seed).toBe(8);
  });
});

/** Between the two renames the old model lies under a hidden name: the last step of the save is the first here. */
async function bringBack(parent: string, folder: string): Promise<void> {
  const names = await readdir(parent);
  if (names.includes(basename(folder))) return;
  for (const name of names) {
    const whole = await readAdapted(join(parent, name)).then(
      () => true,
      () => false,
    );
    if (whole) return rename(join(parent, name), folder);
  }
  throw new Error(`no whole model among ${names.join(', ')}`);
}

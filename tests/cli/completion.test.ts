/** Completion: what the command answers at a Tab, and the bash script in a real bash. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { startFaultServer } from '../support/fault-server.js';
import { sampleCard } from '../support/sample-card.js';
import { cardOf, useWorld, ZOO_COMMAND } from '../support/zoo-world.js';

const world = useWorld();
const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('complete-in-bash.sh', import.meta.url));

beforeEach(async () => {
  await world.current.index(
    sampleCard({ name: 'mobilenet-v1' }),
    sampleCard({ name: 'mobilenet-v2' }),
    sampleCard({ name: 'digits', kind: 'dataset' }),
    sampleCard({ name: 'crepe-tiny', modality: 'audio' }),
  );
});

/** Values that are offered for the last word, and whether files are too. */
async function offers(...words: string[]) {
  const { code, stdout, stderr } = await world.current.run('complete', '--', ...words);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.trimEnd().split('\n');
  const last = lines.pop();
  return { values: lines.map((line) => line.split('\t')[0]), files: last === ':0' };
}

describe('zoo complete', () => {
  it('offers commands, subcommands and options that are not there yet', async () => {
    expect((await offers('')).values).toEqual(
      expect.arrayContaining(['search', 'show', 'pull', 'list', 'index', 'completion']),
    );
    expect((await offers('se')).values).toEqual(['search']);
    expect((await offers('index', '')).values).toEqual(['build', 'check', 'add']);
    expect((await offers('index', 'ch')).values).toEqual(['check']);
    expect((await offers('pull', '--')).values).toEqual(
      expect.arrayContaining(['--to', '--save', '--frozen', '--json', '--help']),
    );
    expect((await offers('pull', '--save', '--')).values).not.toContain('--save');
    // It may be given several times.
    expect((await offers('pull', '--allow-license', 'X', '--a')).values).toEqual(['--allow-license']);
    expect((await offers('index', 'add', '--o')).values).toEqual(['--output']);
  });

  it('offers names of models and data sets', async () => {
    expect(await offers('pull', 'mob')).toEqual({ values: ['mobilenet-v1', 'mobilenet-v2'], files: false });
    expect((await offers('pull', 'mobilenet-v1', 'di')).values).toEqual(['digits']);
    expect((await offers('pull', '--to', 'out', 'cre')).values).toEqual(['crepe-tiny']);
    expect((await offers('show', 'dataset/')).values).toEqual(['dataset/digits']);
    expect((await offers('show', 'audio/c')).values).toEqual(['audio/crepe-tiny']);
    // One argument, so there is no second.
    expect((await offers('show', 'digits', '')).values).toEqual([]);
  });

  it('offers what is installed where only that makes sense', async () => {
    expect((await offers('path', '')).values).toEqual([]);
    const server = world.current.closeLater(await startFaultServer());
    const bytes = Buffer.from('w');
    const card = await cardOf({ files: { w: { bytes, sources: [server.serve('w', bytes)] } } });
    await (await world.current.zoo()).pull(await world.current.save(card));
    expect((await offers('path', '')).values).toEqual(['tiny-net@1.0.0']);
    expect((await offers('remove', 'image/')).values).toEqual(['image/tiny-net@1.0.0']);
  });

  it('offers values of options, and files where they are wanted', async () => {
    expect((await offers('search', '--modality', '')).values).toEqual(['image', 'audio', 'text']);
    expect((await offers('search', '--modality=a')).values).toEqual(['audio']);
    expect((await offers('completion', 'z')).values).toEqual(['zsh']);
    expect(await offers('pull', '--to', '')).toEqual({ values: [], files: true });
    expect(await offers('pull', './my-ca')).toEqual({ values: [], files: true });
    expect(await offers('list', '')).toEqual({ values: [], files: false });
    expect(await offers('nonsense', '')).toEqual({ values: [], files: false });
  });

  it('stays quiet when there is no index', async () => {
    world.current.setEnv({ ZOO_INDEX: join(world.current.cwd, 'none.sqlite') });
    const { stdout } = await world.current.run('complete', '--', 'pull', 'mob');
    expect(stdout).toBe('');
  });
});

describe('zoo completion', () => {
  it.each(['bash', 'zsh', 'fish', 'powershell'])(
    'prints a script for %s that asks "zoo complete --"',
    async (shell) => {
      const { code, stdout, stderr } = await world.current.run('completion', shell);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/zoo complete '?--'?/);
      expect(stdout).toContain(`${shell} completion for zoo`);
    },
  );

  it('works in bash, without the bash-completion package, sourced twice', async () => {
    const bin = join(world.current.cwd, 'bin');
    await mkdir(bin);
    await writeFile(join(bin, 'zoo'), `#!/bin/sh\nexec '${process.execPath}' '${ZOO_COMMAND}' "$@"\n`);
    await chmod(join(bin, 'zoo'), 0o755);
    const lines = {
      'zoo pul': 'pull',
      'zoo pull mob': 'mobilenet-v1 mobilenet-v2',
      'zoo pull mobilenet-v2 di': 'digits',
      'zoo pull mobilenet-v2 --sa': '--save',
      'zoo search --modality=te': 'text',
      'zoo show dataset/d': 'dataset/digits',
      'zoo list ': '',
    };
    const { stdout, stderr } = await run('bash', ['--norc', SCRIPT, ...Object.keys(lines)], {
      cwd: world.current.cwd,
      env: { ...world.current.env, PATH: `${bin}:${world.current.env.PATH}` },
    });
    expect(stderr).toBe('');
    const answers = Object.entries(lines).map(([line, answer]) => `${line}=>${answer}`);
    expect(stdout.trimEnd().split('\n')).toEqual(answers);
  });
});

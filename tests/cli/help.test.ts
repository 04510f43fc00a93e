import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { EXIT_CODES } from '../../src/core/errors.js';
import { hasPseudoTerminal, inTerminal } from '../support/pseudo-terminal.js';
import { useWorld, ZOO_COMMAND } from '../support/zoo-world.js';

const world = useWorld();
const COMMANDS = ['search', 'show', 'pull', 'list', 'path', 'verify', 'remove', 'gc', 'index', 'completion'];

describe('help', () => {
  it('lists every command and exit code, without touching cache or index', async () => {
    const [bare, long, short, word] = await Promise.all([
      world.current.run(),
      world.current.run('--help'),
      world.current.run('-h'),
      world.current.run('help'),
    ]);
    expect(bare).toMatchObject({ code: 0, stderr: '' });
    for (const other of [long, short, word]) expect(other).toEqual(bare);
    for (const command of COMMANDS) expect(bare.stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    const codes = bare.stdout.replace(/\s+/g, ' ');
    for (const code of new Set(Object.values(EXIT_CODES)))
      expect(codes).toMatch(new RegExp(`[:,] ${code} [a-z]`));
    expect(await world.current.leftovers()).toEqual([]);
  });

  it('of a command says what it does and shows examples', async () => {
    const [asked, worded] = await Promise.all([
      world.current.run('pull', '--help'),
      world.current.run('help', 'pull'),
    ]);
    expect(asked).toMatchObject({ code: 0, stderr: '' });
    expect(worded.stdout).toBe(asked.stdout);
    for (const part of ['--to <dir>', '--frozen', '--limit-rate', 'Examples:', 'zoo pull mobilenet-v2']) {
      expect(asked.stdout).toContain(part);
    }
  });

  it.skipIf(!hasPseudoTerminal)('fits 80 columns of a terminal (skipped without one)', async () => {
    const commands = ['', 'pull --help', 'index add --help'].map((words) => `node '${ZOO_COMMAND}' ${words}`);
    const { lines } = await inTerminal(commands.join('; '), world.current);
    expect(lines.length).toBeGreaterThan(40);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
  });
});

describe('--version', () => {
  it('is that of the package', async () => {
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
    for (const flag of ['--version', '-v']) {
      expect(await world.current.run(flag)).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
    }
  });
});

describe('wrong usage ends with 2, says nothing on standard output and suggests', () => {
  it.each([
    [['serach', 'x'], 'unknown command', 'Did you mean search?'],
    [['pull', '--fozen'], 'unknown option', 'Did you mean --frozen?'],
    [['frobnicate'], 'unknown command', undefined],
    [['search', '--modality', 'smell'], 'image, audio, text', undefined],
    [['search', '--limit', '0'], '--limit', undefined],
    [['gc', '--max-age', 'old'], '--max-age', undefined],
    [['gc', '--max-size', 'huge'], 'Not a size', '50MB'],
    [['pull'], 'Nothing to pull', 'zoo.lock'],
    [['pull', 'a', 'b', '--to', 'x'], '--to takes exactly one', undefined],
    [['pull', '--frozen', '--save'], '--frozen', undefined],
    [['path'], 'missing required argument', undefined],
    [['show', 'Mobile_Net'], 'Not a name', 'mobile-net'],
    [['completion', 'tcsh'], 'tcsh', 'bash, zsh, fish'],
    [['completion'], 'Which shell?', 'bash, zsh, fish'],
    [['index'], 'Usage: zoo index', 'add'],
    [['index', 'bild'], 'unknown command', undefined],
  ])('%j', async (args, message, suggestion) => {
    const { code, stdout, stderr } = await world.current.run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    if (suggestion !== undefined) expect(stderr).toContain(suggestion);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

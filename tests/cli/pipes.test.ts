/** What the command writes where nobody watches: whole values, plain lines, and no complaint about a closed pipe. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { seededBytes, startFaultServer } from '../support/fault-server.js';
import { sampleCard } from '../support/sample-card.js';
import { cardOf, useWorld, ZOO_COMMAND } from '../support/zoo-world.js';

const world = useWorld();
const run = promisify(execFile);

/** Runs a shell line in which `zoo` is the command. */
function shell(line: string) {
  const zoo = `zoo() { '${process.execPath}' '${ZOO_COMMAND}' "$@"; }`;
  return run('bash', ['-c', `${zoo}\n${line}`], { cwd: world.current.cwd, env: world.current.env });
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `net-${index}`);

describe('in a pipe', () => {
  it('a reader that goes away early is no failure', async () => {
    // More than a pipe holds, so that the writer is still at it when the reader leaves.
    const cards = names(400).map((name) => sampleCard({ name, summary: `${'long '.repeat(60)}summary` }));
    await world.current.index(...cards);
    const line = 'set -o pipefail; zoo search --limit 400 --json | head -c 100 >/dev/null; echo $PIPESTATUS';
    const { stdout, stderr } = await shell(line);
    expect({ stdout, stderr }).toEqual({ stdout: '0\n', stderr: '' });
  });

  it('tables have whole values and no colours', async () => {
    const summary = `A summary that is longer than any terminal: ${'and so on '.repeat(20)}`.trim();
    await world.current.index(sampleCard({ summary }));
    const { stdout } = await shell('zoo search');
    expect(stdout).toContain(summary);
    expect(stdout).not.toContain('\u001b');
  });

  it('progress is a line where something begins and where it fails, on standard error', async () => {
    const server = world.current.closeLater(await startFaultServer());
    const bytes = seededBytes(1, 3_000_000);
    const small = seededBytes(2, 1000);
    const url = server.serve('w', bytes);
    await world.current.index(
      await cardOf({
        files: {
          'model.safetensors': { bytes, sources: [url] },
          'labels.txt': { bytes: small, sources: [server.serve('l', small)], role: 'labels' },
        },
      }),
    );
    const { code, stdout, stderr } = await world.current.run('pull', 'tiny-net');
    expect(code).toBe(0);
    expect(stderr.split('\n').toSorted()).toEqual([
      '',
      'fetching labels.txt (1.00 kB)',
      'fetching model.safetensors (3.00 MB)',
      'image/tiny-net@1.0.0 (Apache-2.0): 3.00 MB to fetch',
    ]);
    const [first, second] = stdout.split('\n');
    expect(first).toBe('✓ image/tiny-net@1.0.0  Apache-2.0; verified, 3.00 MB received');
    expect(second?.trim()).toBe((await world.current.run('path', 'tiny-net')).stdout.trim());
  });

  it('is not a line for each of thousands of files', async () => {
    const server = world.current.closeLater(await startFaultServer());
    const files = names(100).map((name) => {
      const bytes = Buffer.from(name);
      return [name, { bytes, sources: [server.serve(name, bytes)] }] as const;
    });
    await world.current.index(await cardOf({ files: Object.fromEntries(files) }));
    const { stderr } = await world.current.run('pull', 'tiny-net');
    const lines = stderr.trimEnd().split('\n');
    expect(lines.length).toBeLessThan(30);
    expect(lines.at(-1)).toBe('fetching more files …');
  });

  it('says once why a place was given up, and for how many files', async () => {
    const server = world.current.closeLater(await startFaultServer());
    world.current.setEnv({ ZOO_GITHUB_ENDPOINT: 'http://127.0.0.1:9' });
    const files = names(6).map((name) => {
      const bytes = Buffer.from(`bytes of ${name}`);
      const first = `github:team/net@${'a'.repeat(40)}:${name}`;
      // A member of a zip, so that the second place is another route.
      return [name, { bytes, sources: [first, 'file:files.zip#x', server.serve(name, bytes)] }] as const;
    });
    await world.current.index(await cardOf({ files: Object.fromEntries(files) }));
    const { code, stderr } = await world.current.run('pull', 'tiny-net');
    expect(code).toBe(0);
    const fallbacks = stderr.split('\n').filter((line) => line.includes('; next: '));
    expect(fallbacks).toEqual([
      expect.stringMatching(/^github:team\/net: .*refused.* \(net-0 and 5 more\); next: file:files\.zip$/),
      `file:files.zip: there is no such file (net-0 and 5 more); next: 127.0.0.1:${server.port}`,
    ]);
  });
});

describe('gc', () => {
  it('says why it keeps more than it was told', async () => {
    const server = world.current.closeLater(await startFaultServer());
    const bytes = seededBytes(3, 100_000);
    await world.current.index(await cardOf({ files: { w: { bytes, sources: [server.serve('w', bytes)] } } }));
    expect(await world.current.run('pull', 'tiny-net', '--save')).toMatchObject({ code: 0 });
    const { code, stderr } = await world.current.run('gc', '--max-size', '1kB');
    expect(code).toBe(0);
    expect(stderr).toContain('zoo.lock');
    expect((await world.current.run('path', 'tiny-net')).code).toBe(0);
  });
});

describe('colours', () => {
  it('obey NO_COLOR and FORCE_COLOR', async () => {
    await world.current.index(sampleCard());
    const plain = await world.current.run('search');
    const forced = await world.current.start(['search'], { FORCE_COLOR: '1' }).ended;
    expect(plain.stdout).not.toContain('\u001b');
    expect(forced.stdout).toContain('\u001b[');
  });
});

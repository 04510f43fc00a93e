import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPipConfig } from '../../src/sources/pip-config.js';
import { askPip } from '../../src/sources/pip-default.js';
import { isolatedEnv } from '../support/isolated-env.js';
import { quiet } from '../support/read-remote.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** A folder with a program `python3` that answers as an interpreter with a pip would, and counts its runs. */
async function interpreter(answer: string): Promise<string> {
  const folder = await temporaryFolder('python');
  const program = join(folder, 'python3');
  await writeFile(program, `#!/bin/sh\necho "$@" >> "${folder}/runs"\ncat <<'END'\n${answer}\nEND\n`);
  await chmod(program, 0o755);
  return folder;
}

describe.skipIf(process.platform === 'win32')("pip's own default", () => {
  it('is asked once from the first Python, which must not look into the current folder', async () => {
    const folder = await interpreter('{"indexUrl": "https://default.example/simple", "prefix": "/nowhere"}');
    const env = { ...isolatedEnv(folder), PATH: `${folder}:/bin:/usr/bin` };
    const answers = await Promise.all([1, 2].map(() => askPip(env, quiet())));
    expect(answers[0]).toEqual({ indexUrl: 'https://default.example/simple', prefix: '/nowhere' });
    expect((await readPipConfig(env, quiet())).indexes.map(String)).toEqual([
      'https://default.example/simple',
    ]);
    const runs = await readFile(join(folder, 'runs'), 'utf8');
    expect(runs.match(/^-I /gm)).toHaveLength(1);
  });

  it("yields to a pip.conf in the folder that pip's Python is installed in", async () => {
    const prefix = await temporaryFolder('prefix');
    await mkdir(prefix, { recursive: true });
    await writeFile(join(prefix, 'pip.conf'), '[global]\nindex-url = https://site.example/simple');
    const folder = await interpreter(`{"indexUrl": "https://default.example/simple", "prefix": "${prefix}"}`);
    const env = { ...isolatedEnv(folder), PATH: `${folder}:/bin:/usr/bin` };
    expect((await readPipConfig(env, quiet())).indexes.map(String)).toEqual(['https://site.example/simple']);
  });

  it('says what to set when there is no Python or no pip', async () => {
    for (const answer of [undefined, 'No module named pip', '{"indexUrl": "not an address", "prefix": ""}']) {
      const folder = answer === undefined ? await temporaryFolder('empty') : await interpreter(answer);
      const env = { ...isolatedEnv(folder), PATH: folder };
      await expect(askPip(env, quiet())).rejects.toMatchObject({
        code: 'NETWORK',
        hint: expect.stringContaining('PIP_INDEX_URL'),
      });
    }
  });

  it('comes from the pip of this machine', async (context) => {
    const facts = await askPip(process.env, quiet()).catch(() => undefined);
    if (facts === undefined) return context.skip('there is no pip here');
    expect(new URL(facts.indexUrl)).toMatchObject({ protocol: 'https:', pathname: '/simple' });
  });
});

/** The page and the runtimes where npm has left out the native SQLite: that is when a page for a bug report is needed. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import type { Section } from '../../../src/runtime/doctor/finding.js';
import { nativeRuntime } from '../../support/checkout-runtime.js';
import { isolatedEnv } from '../../support/isolated-env.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

let program: string;
let env: NodeJS.ProcessEnv;

/** This package as installed, with all of its dependencies but one. */
beforeAll(async () => {
  program = await temporaryFolder('program');
  for (const part of ['dist', 'registry', 'package.json']) {
    await cp(join(ROOT, part), join(program, part), { recursive: true });
  }
  await mkdir(join(program, 'node_modules'));
  for (const name of await readdir(join(ROOT, 'node_modules'))) {
    if (name.startsWith('.') || name.startsWith('better-sqlite3')) continue;
    await symlink(join(ROOT, 'node_modules', name), join(program, 'node_modules', name), 'junction');
  }
  const home = await temporaryFolder('home');
  env = isolatedEnv(home, { ZOO_HOME: join(home, 'zoo'), ZOO_RUNTIME: nativeRuntime() });
});

async function zoo(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = [join(program, 'dist', 'cli', 'main.js'), ...args];
  return promisify(execFile)(process.execPath, command, { env, cwd: program }).then(
    (output) => ({ code: 0, ...output }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

it('the doctor says so on its page, and the rest of the page is there', async () => {
  const { code, stdout } = await zoo('doctor', '--offline', '--json');
  expect(code).toBe(1);
  const { sections }: { readonly sections: readonly Section[] } = JSON.parse(stdout);
  const problems = sections.flatMap(({ findings }) => findings.filter(({ state }) => state === 'problem'));
  expect(problems).toEqual([
    expect.objectContaining({
      key: 'index',
      value: expect.stringContaining('better-sqlite3'),
      remedy: expect.stringContaining('npm install'),
    }),
  ]);
  expect(sections.map(({ title }) => title)).toContain('Native TensorFlow');
});

it('runtimes can be looked at, and are refused for their own reasons', async () => {
  expect(await zoo('runtime', 'status')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('no runtime'),
  });
  expect(await zoo('runtime', 'remove')).toMatchObject({ code: 3 });
  expect(await zoo('runtime', 'install', '--offline')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('zoo is offline'),
  });
});

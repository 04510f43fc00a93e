/** What only the installed pip knows: its default index, and where its Python is installed. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { ZooError } from '../core/errors.js';
import { untilAborted } from './shared-lookup.js';

export interface PipFacts {
  readonly indexUrl: string;
  /** Python's `sys.prefix`. */
  readonly prefix: string;
}

const FACTS = z.object({ indexUrl: z.url(), prefix: z.string() });

const QUESTION = `
import json, sys
from pip._internal.models.index import PyPI
print(json.dumps({"indexUrl": PyPI.simple_url, "prefix": sys.prefix}))
`;

/** A cold Python on a slow disk takes a second or two. */
const TIMEOUT_MS = 20_000;

const run = promisify(execFile);
const answers = new Map<string, Promise<PipFacts>>();

/**
 * Asks the first Python that has a pip; takes about 100 ms. The answer is kept as long as the process lives.
 * @throws ZooError `NETWORK` when there is none.
 */
export function askPip(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<PipFacts> {
  const key = JSON.stringify([env.VIRTUAL_ENV, env.PATH ?? env.Path]);
  const answer = answers.get(key) ?? ask(env);
  answers.set(key, answer);
  return untilAborted(answer, signal);
}

async function ask(env: NodeJS.ProcessEnv): Promise<PipFacts> {
  for (const [program, ...args] of interpreters(env)) {
    try {
      // -I: neither the current folder nor PYTHONPATH may stand in for pip.
      const { stdout } = await run(program, [...args, '-I', '-c', QUESTION], {
        env,
        timeout: TIMEOUT_MS,
        windowsHide: true,
      });
      return FACTS.parse(JSON.parse(stdout));
    } catch {
      // no such program, or no pip in it: the next one
    }
  }
  throw new ZooError('NETWORK', 'No Python index is configured, and there is no pip to ask for its default', {
    expected: 'index-url in pip.conf, PIP_INDEX_URL, or a Python with pip',
    hint: 'Set PIP_INDEX_URL to the address of a Python package index.',
  });
}

function interpreters(env: NodeJS.ProcessEnv): [string, ...string[]][] {
  const windows = process.platform === 'win32';
  const own = env.VIRTUAL_ENV;
  const inOwn: [string][] = own ? [[join(own, windows ? 'Scripts\\python.exe' : 'bin/python')]] : [];
  return windows ? [...inOwn, ['py', '-3'], ['python']] : [...inOwn, ['python3'], ['python']];
}

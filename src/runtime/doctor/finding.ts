/** What the doctor says: one line a fact, grouped, with the remedy of everything that is wrong. */

export interface Finding {
  /** Stable key for `--json`. */
  readonly key: string;
  /** What it is, in a word or two. */
  readonly name: string;
  /** What was found. Never a secret. */
  readonly value: string;
  /** `problem`: something that is wanted does not work. `note`: works, with a limit worth knowing. */
  readonly state: 'ok' | 'note' | 'problem';
  /** What it means, in a sentence. */
  readonly detail?: string;
  /** The command that mends it. */
  readonly remedy?: string;
}

export interface Section {
  readonly title: string;
  readonly findings: readonly Finding[];
}

export interface DoctorReport {
  /** False when a finding is a problem. */
  readonly ok: boolean;
  readonly sections: readonly Section[];
}

export function fact(key: string, name: string, value: string): Finding {
  return { key, name, value, state: 'ok' };
}

export function note(key: string, name: string, value: string, detail: string, remedy?: string): Finding {
  return { key, name, value, state: 'note', detail, ...(remedy === undefined ? {} : { remedy }) };
}

export function problem(key: string, name: string, value: string, detail: string, remedy: string): Finding {
  return { key, name, value, state: 'problem', detail, remedy };
}

/** The message of an error, which for ZooErrors holds no secret. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

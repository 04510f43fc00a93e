/** What the installation of a runtime tells while it runs. */
import type { PullEvent } from '../zoo/pull-events.js';

export type InstallEvent =
  | PullEvent
  /** It begins: what it will cost. */
  | {
      readonly type: 'runtime';
      /** Name of the runtime's folder. */
      readonly runtime: string;
      /** False where this project's tests don't run. */
      readonly tested: boolean;
      /** Bytes to fetch. */
      readonly fetch: number;
      /** Bytes of all its files. */
      readonly size: number;
      /** Files of an installed runtime that are damaged or missing; undefined when it is not installed. */
      readonly mending: readonly string[] | undefined;
    }
  | { readonly type: 'step'; readonly step: 'compile' | 'prove'; readonly detail: string };

export type InstallListener = (event: InstallEvent) => void;

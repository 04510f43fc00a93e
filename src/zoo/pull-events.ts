/** What a pull tells while it runs, for progress bars and `--json` lines. */

export type PullEvent =
  /** The pull begins: what it will cost. */
  | {
      readonly type: 'plan';
      readonly model: string;
      readonly license: string;
      readonly files: number;
      /** Bytes of files that are not in the cache yet. */
      readonly newBytes: number;
      /** Bytes of files that are there already, perhaps from another model. */
      readonly presentBytes: number;
      /** Why this version should not be used any more; it was asked for by name, so it is pulled. */
      readonly withdrawn: string | undefined;
    }
  /** Another process fetches the same; this one waits for it. */
  | { readonly type: 'waiting'; readonly model: string; readonly holder: string }
  /** A transfer begins: a file, or the package that files come in. `size` is what crosses the network. */
  | { readonly type: 'start'; readonly key: string; readonly label: string; readonly size: number }
  /** Bytes so far; `verified` never goes back and reaches `size` only after verification. */
  | {
      readonly type: 'progress';
      readonly key: string;
      readonly label: string;
      readonly size: number;
      readonly verified: number;
      readonly received: number;
      readonly host: string | undefined;
    }
  | { readonly type: 'done'; readonly key: string; readonly label: string; readonly received: number }
  /** A transfer ends without its file; what has arrived is kept. */
  | { readonly type: 'failed'; readonly key: string; readonly label: string }
  /** One way to some files failed, the next one is tried. Told once for all files that share both. */
  | {
      readonly type: 'fallback';
      /** The first of the files. */
      readonly label: string;
      /** How many files. */
      readonly files: number;
      /** Where they could not be had: a host, a repository or a package. */
      readonly from: string;
      readonly reason: string;
      readonly next: string;
    }
  | {
      readonly type: 'installed';
      readonly model: string;
      readonly digest: string;
      readonly path: string;
      readonly received: number;
      /** True when everything was there before. */
      readonly upToDate: boolean;
    };

export type PullListener = (event: PullEvent) => void;

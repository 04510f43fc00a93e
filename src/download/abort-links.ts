/**
 * Passes the abort of long-lived signals on to the controllers of single jobs. One listener a signal, however many
 * jobs, and nothing stays behind when a job ends; `AbortSignal.any` and a listener each can't say that.
 */
export class AbortLinks {
  readonly #links = new Map<
    AbortSignal,
    { readonly jobs: Set<AbortController>; readonly abort: () => void }
  >();

  /** Aborts `job` when `signal` is aborted. @returns undoes it. */
  link(signal: AbortSignal, job: AbortController): () => void {
    if (signal.aborted) {
      job.abort(signal.reason);
      return () => {};
    }
    let link = this.#links.get(signal);
    if (link === undefined) {
      const jobs = new Set<AbortController>();
      const abort = () => {
        for (const each of jobs) each.abort(signal.reason);
      };
      link = { jobs, abort };
      this.#links.set(signal, link);
      signal.addEventListener('abort', abort, { once: true });
    }
    const { jobs, abort } = link;
    jobs.add(job);
    return () => {
      jobs.delete(job);
      if (jobs.size > 0 || !this.#links.delete(signal)) return;
      signal.removeEventListener('abort', abort);
    };
  }
}

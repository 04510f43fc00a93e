/** A graph opened as a session of native TensorFlow: one call runs all of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ZooError } from '../core/errors.js';
import type { Tensor } from '../runtime/tensorflow.js';
import { type NativeBackend, nativeBackend } from './binding.js';
import type { Graph } from './graph.js';
import { SERVE, type Signature, tensorName, writeSavedModel } from './saved-model.js';

export const DEFAULT_SIGNATURE = 'serving_default';

export interface OpenGraphOptions {
  /** Other signatures than the graph's own inputs and outputs, which are `serving_default`. They share the session and its variables. */
  readonly signatures?: Readonly<Record<string, Signature>> | undefined;
  /** Where the SavedModel lies while it is loaded; the system's folder for such by default. */
  readonly temporaryFolder?: string | undefined;
}

interface OpenSignature {
  readonly inputs: readonly string[];
  readonly fed: readonly { readonly name: string }[];
  readonly outputs: readonly string[];
}

export class NativeGraph {
  readonly #backend: NativeBackend;
  readonly #session: number;
  readonly #signatures: ReadonlyMap<string, OpenSignature>;
  #disposed = false;

  private constructor(
    backend: NativeBackend,
    session: number,
    signatures: ReadonlyMap<string, OpenSignature>,
  ) {
    this.#backend = backend;
    this.#session = session;
    this.#signatures = signatures;
  }

  /**
   * The graph stays the caller's, who may dispose it as soon as this returns: the session has its own copy.
   * @throws ZooError `DATA` when TensorFlow refuses the graph.
   */
  static open(graph: Graph, options: OpenGraphOptions = {}): NativeGraph {
    const backend = nativeBackend();
    const signatures = { [DEFAULT_SIGNATURE]: graph, ...options.signatures };
    const folder = mkdtempSync(join(options.temporaryFolder ?? tmpdir(), 'zoo-graph-'));
    try {
      const model = join(folder, 'model');
      writeSavedModel(model, graph, signatures);
      const session = backend.loadSavedModelMetaGraph(model, SERVE);
      const open = Object.entries(signatures).map(
        ([name, signature]) => [name, openSignature(signature)] as const,
      );
      return new NativeGraph(backend, session, new Map(open));
    } catch (cause) {
      throw refused('TensorFlow does not take the graph', cause);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /**
   * @param inputs in the order of the signature's inputs; they stay the caller's.
   * @returns its outputs, the caller's.
   * @throws ZooError `USAGE` after `dispose`, `DATA` when it can't be computed.
   */
  run(inputs: readonly Tensor[], signature: string = DEFAULT_SIGNATURE): Tensor[] {
    if (this.#disposed)
      throw new ZooError('USAGE', 'This native graph was disposed and can no longer be used');
    const open = this.#signatures.get(signature);
    if (open === undefined || open.inputs.length !== inputs.length) {
      throw new ZooError('USAGE', `The native graph does not take this as ${signature}`, {
        expected: open?.inputs.join(', ') ?? [...this.#signatures.keys()].join(', '),
        found: `${inputs.length} tensors`,
      });
    }
    try {
      return this.#backend.runSavedModel(this.#session, inputs, open.fed, open.outputs);
    } catch (cause) {
      throw refused('The native graph can not be computed', cause);
    }
  }

  /** Frees the session with its variables. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#backend.deleteSavedModel(this.#session);
  }
}

function openSignature({ inputs, outputs }: Signature): OpenSignature {
  return {
    inputs: inputs.map(({ name }) => name),
    fed: inputs.map(({ edge }) => ({ name: tensorName(edge) })),
    outputs: outputs.map(({ edge }) => tensorName(edge)),
  };
}

function refused(message: string, cause: unknown): unknown {
  if (cause instanceof ZooError) return cause;
  const found = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
  return new ZooError('DATA', message, { found: found.slice(0, 500), cause });
}

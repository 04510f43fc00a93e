/** One transfer with its events, and what becomes of the file that it brings. */
import { rm } from 'node:fs/promises';
import type { TransferResult, TransferTarget } from '../download/transfers.js';
import type { FetchTools } from './fetch-tools.js';
import type { WantedBlob } from './wanted-blob.js';

/** Runs a transfer of the engine and tells its begin, progress and end. */
export async function runTransfer(target: TransferTarget, tools: FetchTools): Promise<TransferResult> {
  const { key, label, size } = target;
  tools.onEvent({ type: 'start', key, label, size });
  try {
    const result = await tools.transfers.fetch(target, {
      signal: tools.signal,
      onProgress: (progress) => tools.onEvent({ type: 'progress', ...progress }),
    });
    tools.onEvent({ type: 'done', key, label, received: result.received });
    return result;
  } catch (error) {
    tools.onEvent({ type: 'failed', key, label });
    throw error;
  }
}

/** Makes what a transfer brought the blob that it is. */
export async function publishTransfer(
  result: TransferResult,
  { sha256, size }: Pick<WantedBlob, 'sha256' | 'size'>,
  tools: FetchTools,
): Promise<void> {
  await tools.cache.publish(result.path, sha256, size);
  await result.settle();
}

/** Removes what a transfer brought, once it has been unpacked or is of no use. */
export async function dropTransfer(result: TransferResult): Promise<void> {
  await rm(result.path, { force: true });
  await result.settle();
}

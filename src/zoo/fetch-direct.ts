/** A file read from places that hold it as it is; several may supply pieces at once. */
import type { FetchTools } from './fetch-tools.js';
import type { DirectRoute } from './routes.js';
import { publishTransfer, runTransfer } from './transfer.js';
import type { WantedBlob } from './wanted-blob.js';

/** Fetches one blob into the cache. @returns bytes received. @throws ZooError of the transfer. */
export async function fetchDirect(blob: WantedBlob, route: DirectRoute, tools: FetchTools): Promise<number> {
  const result = await runTransfer(
    {
      key: blob.sha256,
      label: blob.label,
      size: blob.size,
      sha256: blob.sha256,
      pieces: blob.pieces,
      sources: route.locators.map((locator) => tools.sources.candidate(locator)),
      ...(blob.seed === undefined ? {} : { seed: blob.seed }),
    },
    tools,
  );
  await publishTransfer(result, blob, tools);
  return result.received;
}

/** The public door of neuralzoo. */
export type { CollectReport } from './cache/collect.js';
export type { InstalledModel } from './cache/installed-models.js';
export type { VerifyReport } from './cache/verify.js';
export { EXIT_CODES, ZooError, type ZooErrorCode, type ZooErrorDetails } from './core/errors.js';
export type { Card, CardArchive, CardFile, CardLicense } from './registry/card.js';
export type { Modality } from './registry/card-names.js';
export type { SearchHit } from './registry/index-open.js';
export type { SearchFilters } from './registry/index-search.js';
export type { CardDraft } from './zoo/draft-card.js';
export {
  type GcOptions,
  type ModelView,
  openZoo,
  type VerifyModelsOptions,
  type Zoo,
  type ZooOptions,
} from './zoo/open-zoo.js';
export type { PullOptions, PullResult } from './zoo/pull.js';
export type { PullEvent, PullListener } from './zoo/pull-events.js';
export type { RepairReport } from './zoo/repair.js';

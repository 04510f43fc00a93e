/** What cards are called. Apart from the schema, so that looking a name up does not load it. */
/** What a network takes in. */
export const MODALITIES = ['image', 'audio', 'text'] as const;
export type Modality = (typeof MODALITIES)[number];

/** The folder that a card lies in, and the word that qualifies its name. */
export const CATEGORIES = [...MODALITIES, 'dataset'] as const;
export type Category = (typeof CATEGORIES)[number];

/** Lower-case words joined by single hyphens or dots; also a valid OCI repository component. */
export const NAME_PATTERN = /^[a-z0-9]+(?:[.-][a-z0-9]+)*$/;

/** `name@version`. */
export function cardId(card: { readonly name: string; readonly version: string }): string {
  return `${card.name}@${card.version}`;
}

/** The modality, or `dataset`. */
export function cardCategory(card: {
  readonly kind: 'model' | 'dataset';
  readonly modality: Modality;
}): Category {
  return card.kind === 'dataset' ? 'dataset' : card.modality;
}

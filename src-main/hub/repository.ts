/** What the Hub keeps: models are at its root, data sets below `datasets/`. */
type RepositoryKind = 'model' | 'dataset'

/** A model or a data set on the Hub. */
export interface Repository {
  readonly kind: RepositoryKind
  /** `owner/name`. */
  readonly id: string
}

interface KindNames {
  /** What comes before the id in the address of its page and files. */
  readonly addressPrefix: string
  /** What its folder in the cache begins with (source: `repo_folder_name` of huggingface_hub). */
  readonly folderPrefix: string
  /** What it is called in messages. */
  readonly noun: string
}

const kinds: Readonly<Record<RepositoryKind, KindNames>> = {
  model: { addressPrefix: '', folderPrefix: 'models--', noun: 'model' },
  dataset: { addressPrefix: 'datasets/', folderPrefix: 'datasets--', noun: 'data set' },
}

/** `owner/name` or `datasets/owner/name`: its path below the Hub's address. */
export function addressPath({ kind, id }: Repository): string {
  return kinds[kind].addressPrefix + id
}

/** The name of its folder in the cache that tools share: `models--owner--name`. */
export function cacheFolderName({ kind, id }: Repository): string {
  return kinds[kind].folderPrefix + id.replace('/', '--')
}

/** What it is called in messages: 'model' or 'data set'. */
export function nounOf({ kind }: Pick<Repository, 'kind'>): string {
  return kinds[kind].noun
}

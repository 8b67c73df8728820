import { join } from 'node:path'

export interface TransformLocation {
  readonly file: string
  /** The setting names this very file, so that it must be there. */
  readonly required: boolean
}

/**
 * The transform document of a snapshot: the setting itself where it is named as a document (`.yaml`, `.yml`,
 * `.json`), else `<snapshot>.yaml` in that directory.
 */
export function transformLocation(transforms: string, snapshot: string): TransformLocation {
  if (/\.(?:ya?ml|json)$/i.test(transforms)) return { file: transforms, required: true }
  return { file: join(transforms, `${snapshot.replace(/\.db$/, '')}.yaml`), required: false }
}

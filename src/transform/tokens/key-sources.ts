import type { Secrets } from '../../keys/files/secrets.ts'
import { generatedKeys } from '../../keys/sources/generated-keys.ts'
import type { KeySource } from '../../keys/sources/key-source.ts'
import { mountedKeys } from '../../keys/sources/mounted-keys.ts'
import type { JwtResignDefinition } from '../mutators/jwt-resign-options.ts'

/** The key sources of a document, each secret file read once. */
export interface KeySources {
  /** @throws ResealError SECRET_* or KEY_* when the mounted secret cannot serve */
  for(definition: JwtResignDefinition): KeySource
  notes(): readonly string[]
}

export function keySources(secrets: Secrets): KeySources {
  const opened = new Map<string, KeySource>()
  const open = (definition: JwtResignDefinition): KeySource => {
    const { secretPath, passphrasePath, encoding, trim } = definition
    if (secretPath === undefined) return generatedKeys(secrets)
    return mountedKeys(secrets, {
      secretPath,
      ...(trim === undefined ? {} : { trim }),
      ...(passphrasePath === undefined ? {} : { passphrasePath }),
      ...(encoding === undefined ? {} : { encoding }),
    })
  }
  return {
    for: (definition) => {
      const { secretPath, passphrasePath, encoding, trim } = definition
      const id = JSON.stringify([secretPath, passphrasePath, encoding, trim])
      const known = opened.get(id)
      if (known !== undefined) return known
      const source = open(definition)
      opened.set(id, source)
      return source
    },
    notes: () => [...new Set([...opened.values()].flatMap((source) => source.notes))],
  }
}

import { dirname } from 'node:path'
import { errorMessage } from '../../core/errors.ts'
import { epochSeconds, type Clock } from '../../core/time.ts'
import type { KeyRing } from './key-ring.ts'
import {
  mountedContent,
  mountedRingKeys,
  type MountedContent,
  type MountedRingFile,
} from './mounted-ring-keys.ts'
import { directoryWatch } from '../files/directory-watch.ts'
import type { Secrets } from '../files/secrets.ts'

export interface MountedKeyWatch {
  readonly ring: KeyRing
  readonly secrets: Secrets
  /** The file; its `algs` are always the ring's. */
  readonly mounted: Omit<MountedRingFile, 'algs'>
  /** What was in the file when the ring was made; anything else is a change. */
  readonly content: MountedContent
  readonly clock: Clock
  /** Told once of each reason why the file as it is now cannot be used; the ring keeps the keys it has. */
  readonly onRefused: (error: unknown) => void
  /** How long the directory must be quiet before the file is read, so that half-written files are not. Default 100. */
  readonly settleMs?: number
  /** How often to look without being told: network and container mounts do not always tell. Default 10,000. */
  readonly pollMs?: number
}

export interface MountedKeyWatcher {
  /** Looks now, as on SIGHUP; resolves when what was found has taken effect. */
  look(): Promise<void>
  close(): void
}

/**
 * Follows a mounted key file: when its content changes to another valid key, the ring rotates to that key, with the
 * ring's lead. It is the directory that is watched, since editors rename a new file into place and Kubernetes renames
 * the link `..data` beside it: a watch on the file itself would hold on to the old one.
 */
export function watchMountedKey(options: MountedKeyWatch): MountedKeyWatcher {
  const { settleMs = 100, pollMs = 10_000 } = options
  const follow = mountedFollower(options)
  let last = Promise.resolve()
  let settling: NodeJS.Timeout | undefined
  const look = (): Promise<void> => {
    directory.renew()
    last = last.then(follow.look)
    return last
  }
  const directory = directoryWatch(directoryOf(options), () => {
    clearTimeout(settling)
    settling = setTimeout(() => void look(), settleMs).unref()
  })
  // The file may have changed between being read and being watched.
  void look()
  const polling = setInterval(() => void look(), pollMs).unref()
  return {
    look,
    close: () => {
      follow.stop()
      clearTimeout(settling)
      clearInterval(polling)
      directory.close()
    },
  }
}

interface MountedFollower {
  /** Never rejects. */
  look(): Promise<void>
  stop(): void
}

function mountedFollower({
  ring,
  secrets,
  mounted,
  content,
  clock,
  onRefused,
}: MountedKeyWatch): MountedFollower {
  let taken = content
  let refused: string | undefined
  let isStopped = false
  const refuse = (reason: string, error: unknown): void => {
    if (refused !== reason) onRefused(error)
    refused = reason
  }
  return {
    look: async () => {
      if (isStopped) return
      let found: MountedContent | undefined
      try {
        found = mountedContent(secrets, mounted)
        if (found !== taken) {
          await rotateTo(ring, secrets, mounted, clock)
          taken = found
        }
        refused = undefined
      } catch (error) {
        // The keys at hand go on signing; what is wrong with the file is told once, not at every look.
        refuse(`${found ?? ''} ${errorMessage(error)}`, error)
      }
    },
    stop: () => {
      isStopped = true
    },
  }
}

async function rotateTo(
  ring: KeyRing,
  secrets: Secrets,
  mounted: MountedKeyWatch['mounted'],
  clock: Clock,
): Promise<void> {
  const { keys } = mountedRingKeys(secrets, { ...mounted, algs: ring.algs })
  const first = keys.filter(({ alg }, index) => keys.findIndex((key) => key.alg === alg) === index)
  for (const key of first) await ring.rotate(epochSeconds(clock()), { key })
}

function directoryOf({ secrets, mounted }: MountedKeyWatch): string {
  try {
    return dirname(secrets.read(mounted.secretPath).path)
  } catch {
    // Gone since it was read: the secrets directory itself will hear when it comes back, and polling does otherwise.
    return secrets.directory
  }
}

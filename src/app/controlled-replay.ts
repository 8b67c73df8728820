import type { ControlledReplay, PlanFacts } from '../control/controlled-replay.ts'
import type { JournalView } from '../respond/journal.ts'
import type { ReplayFaults } from '../respond/replay-faults.ts'
import { addedCounts, type Traffic } from '../respond/traffic.ts'
import type { LivePlan, ServedPlan } from './live-plan.ts'
import type { ReplayCrew } from './workers/replay-crew.ts'

/** What is controlled. */
interface ControlledParts {
  readonly live: LivePlan
  readonly traffic: Traffic
  readonly faults: ReplayFaults
  /** Undefined where one process serves. */
  readonly crew: ReplayCrew | undefined
}

/** What the control API may do with a replay. */
export function controlledReplay({ live, traffic, faults, crew }: ControlledParts): ControlledReplay {
  const journal: JournalView = crew?.journal ?? traffic.journal
  const begin = (): void => {
    live.current.plan.reset()
    journal.clear()
    traffic.misses.clear()
    faults.rewind()
  }
  return {
    journal,
    misses: traffic.misses,
    counts: () => (crew === undefined ? traffic.counts() : addedCounts(traffic.counts(), crew.counts())),
    faults,
    plan: () => factsOf(live.current, live),
    coverage: () => live.current.plan.coverage(),
    pairs: (after) => live.current.loaded.reader.heads(after),
    reset: () => (crew === undefined ? begin() : crew.sync().then(begin)),
    reload: async () => factsOf(await live.reload(), live),
    sync: crew?.sync,
    processes: () => 1 + (crew?.pids().length ?? 0),
    usage: crew?.usage,
  }
}

function factsOf({ revision, loadedAt, loaded }: ServedPlan, { refused, loads }: LivePlan): PlanFacts {
  const { file, files, transforms } = loaded
  return { revision, loadedAt, snapshot: file, files, chains: transforms.chains, refused, loads }
}

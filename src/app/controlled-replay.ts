import type { ControlledReplay, PlanFacts } from '../control/controlled-replay.ts'
import type { ReplayFaults } from '../respond/replay-faults.ts'
import type { Traffic } from '../respond/traffic.ts'
import type { LivePlan, ServedPlan } from './live-plan.ts'

/** What the control API may do with a replay. */
export function controlledReplay(live: LivePlan, traffic: Traffic, faults: ReplayFaults): ControlledReplay {
  return {
    journal: traffic.journal,
    misses: traffic.misses,
    counts: traffic.counts,
    faults,
    plan: () => factsOf(live.current, live),
    coverage: () => live.current.plan.coverage(),
    pairs: (after) => live.current.loaded.reader.heads(after),
    reset: () => {
      live.current.plan.reset()
      traffic.reset()
      faults.rewind()
    },
    reload: async () => factsOf(await live.reload(), live),
  }
}

function factsOf({ revision, loadedAt, loaded }: ServedPlan, { refused, loads }: LivePlan): PlanFacts {
  const { file, files, transforms } = loaded
  return { revision, loadedAt, snapshot: file, files, chains: transforms.chains, refused, loads }
}

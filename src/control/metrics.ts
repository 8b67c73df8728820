import type { ControlledIssuers } from './controlled-issuer.ts'
import type { ControlledReplay } from './controlled-replay.ts'

/** One metric: its values are asked for when it is read, so that it costs nothing until then. */
interface MetricRow {
  readonly kind: 'Counter' | 'Gauge'
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  readonly values: () => Iterable<readonly [labels: Readonly<Record<string, string>>, value: number]>
}

/**
 * The metrics as Prometheus reads them (text format 0.0.4). Labels are words of small sets, and never paths.
 * @returns gives the text and its media type
 */
export function metricsOf(
  issuers: ControlledIssuers,
  replay: ControlledReplay | undefined,
): () => Promise<{ readonly type: string; readonly body: string }> {
  const rows = [
    ...processRows(replay),
    ...issuerRows(issuers),
    ...(replay === undefined ? [] : replayRows(replay)),
  ]
  let registry: Promise<{ readonly contentType: string; metrics(): Promise<string> }> | undefined
  return async () => {
    // Loaded when first asked for, which in most tests is never.
    registry ??= registryOf(rows)
    const { contentType, metrics } = await registry
    return { type: contentType, body: await metrics() }
  }
}

async function registryOf(rows: readonly MetricRow[]) {
  const { Registry, Counter, Gauge } = await import('@prometheus-io/client')
  const registry = new Registry()
  for (const { kind, name, help, labels, values } of rows) {
    const Metric = { Counter, Gauge }[kind]
    const metric: InstanceType<typeof Metric> = new Metric({
      name,
      help,
      labelNames: [...labels],
      registers: [registry],
      collect: () => {
        metric.reset()
        for (const [labelled, value] of values()) metric.inc({ ...labelled }, value)
      },
    })
  }
  return { contentType: registry.contentType, metrics: () => registry.metrics() }
}

/** Of all processes that serve. */
function processRows(replay: ControlledReplay | undefined): readonly MetricRow[] {
  return [
    {
      kind: 'Counter',
      name: 'process_cpu_seconds_total',
      help: 'Processor time of the process and its workers.',
      labels: [],
      values: () => {
        const { user, system } = process.cpuUsage()
        return [[{}, (user + system + (replay?.usage?.().cpuMicros ?? 0)) / 1e6]]
      },
    },
    {
      kind: 'Gauge',
      name: 'process_resident_memory_bytes',
      help: 'Memory of the process and its workers.',
      labels: [],
      values: () => [[{}, process.memoryUsage.rss() + (replay?.usage?.().rssBytes ?? 0)]],
    },
    {
      kind: 'Gauge',
      name: 'process_start_time_seconds',
      help: 'When the process started, since 1970-01-01T00:00:00Z.',
      labels: [],
      values: () => [[{}, Math.round(performance.timeOrigin / 1000)]],
    },
  ]
}

function issuerRows(issuers: ControlledIssuers): readonly MetricRow[] {
  return [
    {
      kind: 'Counter',
      name: 'reseal_issuer_requests_total',
      help: 'Requests to issuers by endpoint, since the start or the last reset of the issuer.',
      labels: ['issuer', 'endpoint'],
      values: () =>
        [...issuers].flatMap(([issuer, controlled]) =>
          Object.entries(controlled.issuer.counters.requests).map(
            ([endpoint, count]) => [{ issuer, endpoint }, count] as const,
          ),
        ),
    },
  ]
}

function replayRows(replay: ControlledReplay): readonly MetricRow[] {
  return [
    {
      kind: 'Gauge',
      name: 'reseal_processes',
      help: 'Processes that serve.',
      labels: [],
      values: () => [[{}, replay.processes()]],
    },
    {
      kind: 'Counter',
      name: 'reseal_requests_total',
      help: 'Requests by what became of them.',
      labels: ['verdict'],
      values: () => Object.entries(replay.counts()).map(([verdict, count]) => [{ verdict }, count] as const),
    },
    {
      kind: 'Gauge',
      name: 'reseal_pairs',
      help: 'Recorded pairs by what became of them.',
      labels: ['state'],
      values: () => {
        const { pairs, served, unservable } = replay.coverage()
        return [
          [{ state: 'served' }, served],
          [{ state: 'never_served' }, pairs - served],
          [{ state: 'unservable' }, unservable.length],
        ]
      },
    },
    {
      kind: 'Counter',
      name: 'reseal_faults_total',
      help: 'How often faults have happened.',
      labels: [],
      values: () => [[{}, replay.faults.total]],
    },
    {
      kind: 'Gauge',
      name: 'reseal_plan_revision',
      help: 'The plan that serves.',
      labels: [],
      values: () => [[{}, replay.plan().revision]],
    },
    {
      kind: 'Counter',
      name: 'reseal_loads_total',
      help: 'Loads of snapshot and transform document, the first among them.',
      labels: ['result'],
      values: () =>
        Object.entries(replay.plan().loads).map(([result, count]) => [{ result }, count] as const),
    },
    {
      kind: 'Gauge',
      name: 'reseal_plan_refused',
      help: '1 while what is there now cannot be served and an older plan is.',
      labels: [],
      values: () => [[{}, replay.plan().refused === undefined ? 0 : 1]],
    },
  ]
}

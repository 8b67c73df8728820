import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bigSnapshot } from '../support/big-snapshot.ts'
import { stubsOf, type Rival } from './rival.ts'

/** @param home where {@link installRivals} put their programs */
export function rivals(home: string): readonly Rival[] {
  const modules = join(home, 'node_modules')
  return [
    { name: 'reseal', prepare: reseal },
    { name: 'WireMock 3.13.2', prepare: (...where) => wiremock(modules, ...where) },
    { name: 'mountebank 2.9.1', prepare: (...where) => mountebank(modules, ...where) },
    { name: 'Mockoon CLI 9.9.0', prepare: (...where) => mockoon(modules, ...where) },
    { name: 'talkback 4.2.0', prepare: (...where) => talkback(modules, ...where) },
    { name: 'mitmproxy 8.1.1', prepare: (...where) => mitmproxy(home, ...where) },
  ]
}

const JSON_TYPE = { 'Content-Type': 'application/json' }

type Where = Parameters<Rival['prepare']>
type Prepared = ReturnType<Rival['prepare']>

async function reseal(...[stubs, directory, port]: Where): Prepared {
  const snapshot = await bigSnapshot('items', stubs)
  writeFileSync(join(directory, 'none.yaml'), 'version: 1\n')
  const program = join(import.meta.dirname, '../../bin/reseal.mjs')
  const where = ['--snapshots', snapshot.directory, '--transforms', 'none.yaml']
  const args = [program, 'replay', snapshot.name, ...where, '--listen', `127.0.0.1:${port}`, '--quiet']
  // Its processor time is counted as that of one process.
  return { program: process.execPath, args: [...args, '--workers', '1'] }
}

async function wiremock(modules: string, ...[stubs, directory, port]: Where): Prepared {
  mkdirSync(join(directory, 'mappings'))
  const mappings = Array.from(stubsOf(stubs), ({ path, body }) => ({
    request: { method: 'GET', url: path },
    response: { status: 200, body, headers: JSON_TYPE },
  }))
  writeFileSync(join(directory, 'mappings', 'all.json'), JSON.stringify({ mappings }))
  const jar = join(modules, 'wiremock/build/wiremock-standalone-3.13.2.jar')
  const options = ['--root-dir', '.', '--no-request-journal', '--bind-address', '127.0.0.1']
  return { program: 'java', args: ['-jar', jar, '--port', String(port), ...options] }
}

async function mountebank(modules: string, ...[stubs, directory, port]: Where): Prepared {
  const list = Array.from(stubsOf(stubs), ({ path, body }) => ({
    predicates: [{ equals: { method: 'GET', path } }],
    responses: [{ is: { statusCode: 200, headers: { ...JSON_TYPE, Connection: 'keep-alive' }, body } }],
  }))
  const config = { imposters: [{ port, protocol: 'http', stubs: list }] }
  writeFileSync(join(directory, 'imposters.json'), JSON.stringify(config))
  const mb = join(modules, 'mountebank/bin/mb')
  const quiet = ['--nologfile', '--loglevel', 'error', '--pidfile', 'mb.pid', '--port', String(port + 1)]
  return { program: process.execPath, args: [mb, 'start', '--configfile', 'imposters.json', ...quiet] }
}

async function mockoon(modules: string, ...[stubs, directory, port]: Where): Prepared {
  const routes = Array.from(stubsOf(stubs), ({ path, body }, at) => ({
    uuid: `route-${at}`,
    type: 'http',
    documentation: '',
    method: 'get',
    endpoint: path.slice(1),
    responses: [
      {
        uuid: `response-${at}`,
        body,
        latency: 0,
        statusCode: 200,
        label: '',
        headers: [{ key: 'Content-Type', value: 'application/json' }],
        bodyType: 'INLINE',
        filePath: '',
        databucketID: '',
        sendFileAsBody: false,
        rules: [],
        rulesOperator: 'OR',
        disableTemplating: true,
        fallbackTo404: false,
        default: true,
        crudKey: 'id',
        callbacks: [],
      },
    ],
    responseMode: null,
    streamingMode: null,
    streamingInterval: 0,
  }))
  const environment = {
    uuid: 'bench',
    lastMigration: 33,
    name: 'bench',
    port,
    hostname: '127.0.0.1',
    endpointPrefix: '',
    latency: 0,
    folders: [],
    routes,
    rootChildren: routes.map(({ uuid }) => ({ type: 'route', uuid })),
    proxyMode: false,
    proxyHost: '',
    proxyRemovePrefix: false,
    tlsOptions: { enabled: false },
    cors: false,
    headers: [],
    proxyReqHeaders: [],
    proxyResHeaders: [],
    data: [],
    callbacks: [],
  }
  writeFileSync(join(directory, 'mockoon.json'), JSON.stringify(environment))
  const cli = join(modules, '@mockoon/cli/bin/run.js')
  const args = [cli, 'start', '--data', 'mockoon.json', '--port', String(port), '--disable-log-to-file']
  return { program: process.execPath, args }
}

async function talkback(modules: string, ...[stubs, directory, port]: Where): Prepared {
  mkdirSync(join(directory, 'tapes'))
  let number = 0
  for (const { path, body } of stubsOf(stubs)) {
    const tape = {
      meta: { createdAt: '2026-01-01T00:00:00.000Z', host: 'http://127.0.0.1:9', resHumanReadable: false },
      req: { headers: {}, url: path, method: 'GET', body: '' },
      res: {
        status: 200,
        headers: { 'content-type': ['application/json'], 'content-length': [String(body.length)] },
        body: Buffer.from(body).toString('base64'),
      },
    }
    writeFileSync(join(directory, 'tapes', `${(number += 1)}.json5`), JSON.stringify(tape))
  }
  const script = `const talkback = require(${JSON.stringify(join(modules, 'talkback'))})
talkback({ host: 'http://127.0.0.1:9', port: ${port}, path: './tapes', record: 'DISABLED', silent: true, summary: false,
  allowHeaders: [], ignoreBody: true }).start()`
  writeFileSync(join(directory, 'talkback.cjs'), script)
  return { program: process.execPath, args: ['talkback.cjs'] }
}

async function mitmproxy(home: string, ...[stubs, directory, port]: Where): Prepared {
  writeFileSync(join(directory, 'stubs.json'), JSON.stringify([...stubsOf(stubs)]))
  const packages = join(home, 'debian/usr/lib/python3/dist-packages')
  const libraries = join(home, 'debian/usr/lib/x86_64-linux-gnu')
  const env = { PYTHONPATH: packages, LD_LIBRARY_PATH: libraries, HOME: directory }
  const replay = [
    '--server-replay',
    'flows',
    '--set',
    'server_replay_reuse=true',
    '--set',
    'server_replay_kill_extra=true',
  ]
  const mode = ['--mode', 'reverse:http://127.0.0.1:9', '--set', 'connection_strategy=lazy']
  const script = `import json, sys
from mitmproxy import http, io
from mitmproxy.test import tflow
with open("flows", "wb") as file:
    writer = io.FlowWriter(file)
    for stub in json.load(open("stubs.json")):
        flow = tflow.tflow(resp=True)
        flow.request = http.Request.make("GET", "http://127.0.0.1:9" + stub["path"])
        flow.response = http.Response.make(200, stub["body"], {"Content-Type": "application/json"})
        writer.add(flow)
from mitmproxy.tools.main import mitmdump
sys.exit(mitmdump(sys.argv[1:]))`
  writeFileSync(join(directory, 'mitm.py'), script)
  const listen = ['-q', '--listen-host', '127.0.0.1', '-p', String(port)]
  return { program: '/usr/bin/python3', args: ['mitm.py', ...listen, ...mode, ...replay], env }
}

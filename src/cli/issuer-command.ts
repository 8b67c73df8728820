import { Option, type Command } from 'commander'
import { issue, type Issuing } from '../app/issue.ts'
import { algNames, issuerDefinitions, type IssuerDefinition } from '../app/open-issuer.ts'
import { ResealError } from '../core/errors.ts'
import { parseDuration, systemClock } from '../core/time.ts'
import { collect, settingsOf, type DirectoryFlags } from './directory-options.ts'
import { reportRequestFailure } from './failure.ts'
import { controlLines, type Output } from './output.ts'
import { untilStopped } from './until-stopped.ts'

interface IssuerFlags extends DirectoryFlags {
  readonly listen?: string
  readonly issuer?: string
  readonly alg: readonly string[]
  readonly key?: string
  readonly passphraseFile?: string
  readonly rotateEvery?: string
  readonly transition?: string
  readonly lead?: string
  readonly data?: string
  readonly accessTokens?: 'jwt' | 'opaque'
  readonly login?: 'page' | 'auto'
  readonly trustForwarded?: true
  readonly control?: string
  readonly quiet?: true
}

const DEFAULT_LISTEN = '127.0.0.1:8090'

/** `reseal issuer`: a mock OpenID Provider under the test's control. */
export function addIssuerCommand(program: Command, output: Output): void {
  program
    .command('issuer')
    .description('Serve a mock OpenID Provider for tests, until SIGTERM or Ctrl-C.')
    .option('--listen <address>', `HOST:PORT to listen on, port 0 for any (default: ${DEFAULT_LISTEN})`)
    .option('--issuer <url>', 'its issuer URL, to the byte (default: where it listens)')
    .addOption(new Option('--public-url <url>', 'the same as --issuer').hideHelp())
    .option('--alg <name>', 'what it signs (default: RS256); may be repeated', collect, [])
    .option('--key <file>', 'file of the signing key; followed when it changes (default: a key is made)')
    .option('--passphrase-file <file>', 'file beside the key with the passphrase that opens it')
    .option('--rotate-every <time>', 'how long a key signs, such as 24h (default: keys rotate by call only)')
    .option('--transition <time>', 'how long a key stays in the JWKS after it signed last (default: 1h)')
    .option('--lead <time>', 'how long a key is in the JWKS before it signs (default: 10m)')
    .option('--data <dir>', 'directory where keys survive a restart')
    .addOption(
      new Option('--access-tokens <kind>', 'jwt or opaque (default: jwt)').choices(['jwt', 'opaque']),
    )
    .addOption(
      new Option('--login <how>', 'page, or auto for no page (default: page)').choices(['page', 'auto']),
    )
    .option('--trust-forwarded', 'take the issuer URL from X-Forwarded-* of whoever asks')
    .option('--control <address>', 'HOST:PORT of the control API (default: none)')
    .option('--secrets <dir>', 'directory of the mounted secrets (default: RESEAL_SECRETS, else secrets)')
    .option(
      '--config <file>',
      'file of settings; what it has under issuers: is served when no flag says otherwise',
    )
    .option('--quiet', 'print only the ready lines and what went wrong')
    .action(async (flags: IssuerFlags & { publicUrl?: string }) => {
      await runIssuer(
        { ...flags, ...(flags.publicUrl === undefined ? {} : { issuer: flags.publicUrl }) },
        output,
      )
    })
}

async function runIssuer(flags: IssuerFlags, output: Output): Promise<void> {
  const { secrets, quiet, listen, origins, issuers } = settingsOf(flags)
  const log = (line: string): void => {
    if (!quiet) output.message(line)
  }
  const own = origins.listen === 'default' ? DEFAULT_LISTEN : listen
  const issuing = await issue({
    listeners: listenersOf(flags, issuerDefinitions(issuers), own),
    control: flags.control,
    secretsDirectory: secrets,
    clock: systemClock,
    onLog: log,
    onError: (error) => reportRequestFailure(error, output),
  })
  for (const line of startLines(issuing)) log(line)
  for (const url of issuing.urls) output.message(`reseal ready issuer ${url}`)
  for (const line of controlLines(issuing.control)) output.message(line)
  await untilStopped()
  await issuing.stop()
}

function startLines({ issuers }: Issuing): readonly string[] {
  return [
    'This is an issuer for tests: it gives tokens to whoever asks.',
    ...issuers.map(
      ({ name, issuer }) => `issuer ${name}: ${issuer.settings.issuer} signs ${issuer.ring.algs.join(', ')}`,
    ),
  ]
}

/** One issuer by flags; without any that describes one, those of the configuration file. */
function listenersOf(
  flags: IssuerFlags,
  configured: readonly IssuerDefinition[],
  listen: string,
): readonly { listen: string; issuers: readonly IssuerDefinition[] }[] {
  if (configured.length === 0 || describesOne(flags)) return [{ listen, issuers: [definitionOf(flags)] }]
  const groups = Map.groupBy(configured, (one) => one.listen ?? listen)
  return [...groups].map(([address, issuers]) => ({ listen: address, issuers }))
}

/** Any flag about the issuer itself; where it listens and what is printed is said of the configured ones too. */
function describesOne(flags: IssuerFlags): boolean {
  const { issuer, key, passphraseFile, rotateEvery, transition, lead, data, accessTokens, login } = flags
  const said = [issuer, key, passphraseFile, rotateEvery, transition, lead, data, accessTokens, login]
  return flags.alg.length > 0 || flags.trustForwarded === true || said.some((flag) => flag !== undefined)
}

function definitionOf(flags: IssuerFlags): IssuerDefinition {
  const { accessTokens, login, trustForwarded } = flags
  return {
    name: 'main',
    issuer: flags.issuer,
    listen: undefined,
    settings: {
      ...(accessTokens === undefined ? {} : { accessTokens }),
      ...(login === undefined ? {} : { login }),
      ...(trustForwarded === undefined ? {} : { trustForwarded }),
    },
    keys: {
      algs: flags.alg.length === 0 ? undefined : algNames(flags.alg),
      mounted: flags.key === undefined ? undefined : { file: flags.key },
      passphrasePath: flags.passphraseFile,
      rotateEverySeconds: seconds('--rotate-every', flags.rotateEvery),
      transitionSeconds: seconds('--transition', flags.transition),
      leadSeconds: seconds('--lead', flags.lead),
      directory: flags.data,
    },
    faults: [],
  }
}

function seconds(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  try {
    return text === '0' ? 0 : parseDuration(text) / 1000
  } catch (error) {
    if (!(error instanceof ResealError)) throw error
    throw new ResealError(
      'USAGE',
      `${flag}: ${error.message}`,
      error.hint === undefined ? {} : { hint: error.hint },
    )
  }
}

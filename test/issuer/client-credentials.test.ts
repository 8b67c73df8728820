import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { anIssuer, assertRefused, basic, BEGIN, headOf, ISSUER } from './support/an-issuer.ts'

const CLIENT = { clientId: 'my app', secret: 'p+ss w%rd:é' }
const GRANT = { grant_type: 'client_credentials' }

suite('the client_credentials grant', () => {
  test('gives an access token as RFC 9068 has it', async () => {
    const { post, verified, ring } = await anIssuer({ clients: [CLIENT] })
    const answer = await post('/token', { ...GRANT, scope: 'read write' }, [basic('my app', CLIENT.secret)])
    assert.equal(answer.status, 200)
    assert.deepEqual(
      answer.headers.filter(([name]) => !name.startsWith('Access-Control')),
      [
        ['Content-Type', 'application/json'],
        ['Cache-Control', 'no-store'],
        ['Pragma', 'no-cache'],
      ],
    )
    const { access_token: token, ...rest } = answer.json
    assert.deepEqual(rest, { token_type: 'Bearer', expires_in: 300, scope: 'read write' })
    assert.deepEqual(headOf(token), { alg: 'ES256', typ: 'at+jwt', kid: ring.signer(BEGIN).kid })
    const { jti, ...claims } = verified(token, { issuer: ISSUER, audience: ISSUER })
    assert.deepEqual(claims, {
      iss: ISSUER,
      sub: 'my app',
      aud: ISSUER,
      client_id: 'my app',
      scope: 'read write',
      iat: BEGIN,
      exp: BEGIN + 300,
    })
    assert.match(String(jti), /^[0-9a-f-]{36}\.[0-9a-f]{12}$/)
  })

  test('never names a moment ahead of the clock, and never the same jti twice', async () => {
    const { post, verified } = await anIssuer()
    const ask = async (): Promise<unknown> =>
      verified((await post('/token', { ...GRANT, client_id: 'a' })).json['access_token'])['jti']
    assert.notEqual(await ask(), await ask())
  })

  test('takes the audience from the request, else the client, else the issuer', async () => {
    const clients = [
      { clientId: 'a', secret: 's', audience: ['api-1', 'api-2'] },
      { clientId: 'b', secret: 's' },
    ]
    const { post, verified } = await anIssuer({ clients, audience: 'api-0' })
    const audience = async (form: Record<string, string>): Promise<unknown> => {
      const answer = await post('/token', { ...GRANT, client_secret: 's', ...form })
      return verified(answer.json['access_token'])['aud']
    }
    assert.deepEqual(await audience({ client_id: 'a' }), ['api-1', 'api-2'])
    assert.equal(await audience({ client_id: 'b' }), 'api-0')
    assert.equal(
      await audience({ client_id: 'a', resource: 'https://api.example.com' }),
      'https://api.example.com',
    )
    assert.equal(await audience({ client_id: 'a', audience: 'asked' }), 'asked')
  })

  test('refuses a resource that is no absolute URI', async () => {
    const { post } = await anIssuer()
    for (const resource of ['api', 'https://a/#b']) {
      assertRefused(await post('/token', { ...GRANT, client_id: 'a', resource }), 400, 'invalid_target')
    }
  })

  for (const scope of ['a  b', ' a', 'a"b', 'a\\b', 'ä', 'a\r\nb', 'a\tb']) {
    test(`refuses the scope ${JSON.stringify(scope)}`, async () => {
      const { post } = await anIssuer()
      assertRefused(await post('/token', { ...GRANT, client_id: 'a', scope }), 400, 'invalid_scope')
    })
  }

  test('is not for a client without credentials', async () => {
    const { post } = await anIssuer({ clients: [{ clientId: 'spa' }] })
    assertRefused(await post('/token', { ...GRANT, client_id: 'spa' }), 400, 'unauthorized_client')
  })

  test('is not for a client that may use other grants only', async () => {
    const { post } = await anIssuer({ clients: [{ clientId: 'a', secret: 's', grants: ['password'] }] })
    const form = { ...GRANT, client_id: 'a', client_secret: 's' }
    assertRefused(await post('/token', form), 400, 'unauthorized_client')
  })

  test('takes every client and secret where none is configured', async () => {
    const { post, verified } = await anIssuer()
    const { json } = await post('/token', GRANT, [basic('whoever', 'whatever')])
    assert.equal(verified(json['access_token'])['sub'], 'whoever')
    assert.equal('refresh_token' in json || 'id_token' in json, false)
  })

  test('gives opaque tokens on request, of the issuer or of the client', async () => {
    const clients = [
      { clientId: 'a', secret: 's' },
      { clientId: 'b', secret: 's', accessTokens: 'jwt' as const },
    ]
    const { post } = await anIssuer({ clients, accessTokens: 'opaque' })
    const ask = async (id: string): Promise<string> =>
      String((await post('/token', GRANT, [basic(id, 's')])).json['access_token'])
    assert.match(await ask('a'), /^[\w-]{43}$/)
    assert.match(await ask('b'), /^[\w-]+\.[\w-]+\.[\w-]+$/)
  })
})

suite('the token endpoint', () => {
  test('refuses what it cannot read', async () => {
    const { post } = await anIssuer()
    assertRefused(await post('/token', { client_id: 'a' }), 400, 'invalid_request')
    assertRefused(
      await post('/token', { grant_type: 'magic', client_id: 'a' }),
      400,
      'unsupported_grant_type',
    )
    assertRefused(
      await post('/token', '{"grant_type":"client_credentials"}', [JSON_TYPE]),
      400,
      'invalid_request',
    )
    assertRefused(await post('/token', ''), 400, 'invalid_request')
  })

  test('refuses a parameter given twice (RFC 6749 §3.2), but for audience and resource', async () => {
    const { post, verified } = await anIssuer()
    const twice = 'grant_type=client_credentials&client_id=a&client_id=a'
    assertRefused(await post('/token', twice, [FORM]), 400, 'invalid_request')
    const { json } = await post('/token', 'grant_type=client_credentials&client_id=a&audience=x&audience=y', [
      FORM,
    ])
    assert.deepEqual(verified(json['access_token'])['aud'], ['x', 'y'])
  })

  test('reads a form in a content coding, and refuses one that unpacks to more than 1 MiB', async () => {
    const { post } = await anIssuer()
    const gzip = ['Content-Encoding', 'gzip'] as const
    const form = gzipSync('grant_type=client_credentials&client_id=a')
    assert.equal((await post('/token', form, [FORM, gzip])).status, 200)
    const bomb = gzipSync(Buffer.alloc(20_000_000, 'a'))
    assertRefused(await post('/token', bomb, [FORM, gzip]), 400, 'invalid_request')
  })

  test('answers only POST, and OPTIONS of browsers', async () => {
    const { send } = await anIssuer()
    const got = await send('GET', '/token')
    assert.deepEqual([got.status, got.header('allow')], [405, 'POST, OPTIONS'])
  })
})

suite('client authentication by secret', () => {
  const clients = [CLIENT, { clientId: 'post only', secret: 'x', authMethod: 'client_secret_post' as const }]
  const failures: readonly (readonly [
    string,
    Record<string, string>,
    readonly (readonly [string, string])[],
  ])[] = [
    ['a wrong secret', {}, [basic('my app', 'wrong')]],
    ['an unknown client', {}, [basic('nobody', 'x')]],
    ['a secret not form-urlencoded', {}, [['Authorization', `Basic ${btoa('my app:p+ss w%rd')}`]]],
    ['no colon', {}, [['Authorization', `Basic ${btoa('my app')}`]]],
    ['no base64', {}, [['Authorization', 'Basic ä']]],
    ['another scheme', {}, [['Authorization', 'Bearer abc']]],
    ['a wrong secret in the form', { client_id: 'my app', client_secret: 'wrong' }, []],
    ['no proof at all', { client_id: 'my app' }, []],
    ['nobody', {}, []],
    ['Basic where only the form may be used', {}, [basic('post only', 'x')]],
  ]
  for (const [what, form, headers] of failures) {
    test(`refuses ${what} with 401 and a challenge`, async () => {
      const { post } = await anIssuer({ clients })
      const answer = await post('/token', { ...GRANT, ...form }, headers)
      assertRefused(answer, 401, 'invalid_client')
      assert.equal(answer.header('www-authenticate'), 'Basic realm="reseal", charset="UTF-8"')
    })
  }

  test('takes the secret in the form', async () => {
    const { post } = await anIssuer({ clients })
    const form = { ...GRANT, client_id: 'my app', client_secret: CLIENT.secret }
    assert.equal((await post('/token', form)).status, 200)
  })

  test('refuses two proofs at once, and two clients at once (RFC 6749 §2.3)', async () => {
    const { post } = await anIssuer({ clients })
    const header = basic('my app', CLIENT.secret)
    const form = { ...GRANT, client_secret: CLIENT.secret }
    assertRefused(await post('/token', form, [header]), 400, 'invalid_request')
    assertRefused(await post('/token', { ...GRANT, client_id: 'other' }, [header]), 400, 'invalid_request')
    assert.equal((await post('/token', { ...GRANT, client_id: 'my app' }, [header])).status, 200)
  })

  test('follows clients that are added, changed and removed', async () => {
    const { issuer, post } = await anIssuer()
    issuer.upsertClient({ clientId: 'a', secret: '1' })
    const status = async (secret: string): Promise<number> =>
      (await post('/token', { ...GRANT, client_id: 'a', client_secret: secret })).status
    assert.deepEqual([await status('1'), await status('2')], [200, 401])
    issuer.upsertClient({ clientId: 'a', secret: '2' })
    assert.deepEqual([await status('1'), await status('2')], [401, 200])
    assert.deepEqual(issuer.clients(), [{ clientId: 'a', secret: '2' }])
    issuer.upsertClient({ clientId: 'b' })
    assert.deepEqual([issuer.removeClient('a'), issuer.removeClient('a')], [true, false])
    assert.equal(await status('2'), 401)
  })
})

const FORM = ['Content-Type', 'application/x-www-form-urlencoded'] as const
const JSON_TYPE = ['Content-Type', 'application/json'] as const

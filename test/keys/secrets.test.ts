import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { MAX_SECRET_BYTES, openSecrets } from '../../src/keys/files/secrets.ts'
import { asNobody } from './support/as-nobody.ts'
import { secretsWith } from './support/secrets-directory.ts'

suite('a secret path', () => {
  for (const path of [
    'jwt-demo/tls.key',
    './jwt-demo//tls.key',
    '/home/speedscale/secret/jwt-demo/tls.key',
    '${{secret:jwt-demo/tls.key}}',
    '${{ secret:jwt-demo/tls.key }}',
  ]) {
    test(`${path} means jwt-demo/tls.key in the secrets directory`, (context) => {
      const secrets = secretsWith(context, { 'jwt-demo/tls.key': 'key' })
      assert.deepEqual(secrets.read(path), {
        path: join(secrets.directory, 'jwt-demo/tls.key'),
        name: 'jwt-demo/tls.key',
        bytes: Uint8Array.from(Buffer.from('key')),
      })
    })
  }

  for (const path of [
    '../tls.key',
    'jwt-demo/../../tls.key',
    'jwt-demo/../jwt-demo/tls.key',
    '/etc/passwd',
    '/home/speedscale/secret/../tls.key',
    '/home/speedscale/secret//etc/passwd/../x',
    '${{secret:../tls.key}}',
    '${{secret:/etc/passwd}}',
  ]) {
    test(`${path} is refused, since it leaves the secrets directory`, (context) => {
      const secrets = secretsWith(context, { 'jwt-demo/tls.key': 'key' })
      assert.throws(() => secrets.read(path), {
        code: 'SECRET_OUTSIDE',
        message: `The secret path "${path}" leaves the secrets directory.`,
      })
    })
  }
})

suite('symbolic links', () => {
  test('inside the directory are followed, as Kubernetes mounts keys', (context) => {
    const secrets = secretsWith(context, { 'jwt-demo/..2026_11_20/tls.key': 'key' })
    const mount = join(secrets.directory, 'jwt-demo')
    symlinkSync('..2026_11_20', join(mount, '..data'))
    symlinkSync('..data/tls.key', join(mount, 'tls.key'))
    assert.equal(Buffer.from(secrets.read('jwt-demo/tls.key').bytes).toString(), 'key')
  })

  test('of a file or a directory that lead outside are refused', (context) => {
    const outside = secretsWith(context, { 'tls.key': 'key' }).directory
    const secrets = secretsWith(context, {})
    symlinkSync(join(outside, 'tls.key'), join(secrets.directory, 'file.key'))
    symlinkSync(outside, join(secrets.directory, 'directory'))
    for (const path of ['file.key', 'directory/tls.key']) {
      assert.throws(() => secrets.read(path), {
        code: 'SECRET_OUTSIDE',
        message: `The secret "${path}" is a symbolic link that leads outside ${secrets.directory}.`,
      })
    }
  })

  test('may stand for the secrets directory itself', (context) => {
    const real = secretsWith(context, { 'tls.key': 'key' }).directory
    const link = join(secretsWith(context, {}).directory, 'link')
    symlinkSync(real, link)
    assert.equal(openSecrets(link).read('tls.key').path, join(link, 'tls.key'))
  })
})

suite('a secret that is not there', () => {
  test('is told with the path looked at and the files that are', (context) => {
    const secrets = secretsWith(context, { 'jwt-demo/tls.crt': '', 'other.key': '', 'jwt-demo/..data': '' })
    assert.throws(() => secrets.read('jwt-demo/tls.key'), {
      code: 'SECRET_MISSING',
      message: `There is no secret "jwt-demo/tls.key": looked for ${secrets.directory}/jwt-demo/tls.key.`,
      hint: `Put the key file there, or choose the directory with --secrets DIR or RESEAL_SECRETS; ${secrets.directory} holds jwt-demo/tls.crt, other.key.`,
    })
  })

  test('is told as a missing directory when that is what is missing', (context) => {
    const secrets = openSecrets(join(secretsWith(context, {}).directory, 'nowhere'))
    assert.throws(() => secrets.read('a.key'), {
      code: 'SECRET_MISSING',
      hint: `Put the key file there, or choose the directory with --secrets DIR or RESEAL_SECRETS; the directory ${secrets.directory} itself does not exist or cannot be listed.`,
    })
  })

  for (const path of ['tls.key/inner', 'a\0b', 'dangling']) {
    test(`is missing however it is named: ${JSON.stringify(path)}`, (context) => {
      const secrets = secretsWith(context, { 'tls.key': 'key' })
      symlinkSync('nowhere', join(secrets.directory, 'dangling'))
      assert.throws(() => secrets.read(path), { code: 'SECRET_MISSING' })
    })
  }
})

suite('a secret that cannot be read', () => {
  test('is a directory, and its files are named', (context) => {
    const secrets = secretsWith(context, { 'jwt-demo/tls.key': 'key' })
    assert.throws(() => secrets.read('jwt-demo'), {
      code: 'SECRET_UNREADABLE',
      message: 'The secret "jwt-demo" is a directory, not a file.',
      hint: `Name the key in it; ${secrets.directory}/jwt-demo holds tls.key.`,
    })
  })

  test('is larger than 1 MiB; one of exactly 1 MiB is read', (context) => {
    const secrets = secretsWith(context, {
      most: Buffer.alloc(MAX_SECRET_BYTES),
      more: Buffer.alloc(MAX_SECRET_BYTES + 1),
    })
    assert.equal(secrets.read('most').bytes.length, MAX_SECRET_BYTES)
    assert.throws(() => secrets.read('more'), {
      code: 'SECRET_UNREADABLE',
      message: 'The secret "more" is larger than 1 MiB.',
    })
  })

  test('is a pipe, and reading it does not wait for a writer', (context) => {
    const secrets = secretsWith(context, {})
    execFileSync('mkfifo', [join(secrets.directory, 'pipe')])
    assert.throws(() => secrets.read('pipe'), {
      code: 'SECRET_UNREADABLE',
      message: 'The secret "pipe" is neither a file nor a link to one.',
    })
  })

  test('is forbidden to this user', async (context) => {
    const secrets = secretsWith(context, {})
    chmodSync(secrets.directory, 0o755)
    mkdirSync(join(secrets.directory, 'a'))
    writeFileSync(join(secrets.directory, 'a/tls.key'), 'key')
    chmodSync(join(secrets.directory, 'a/tls.key'), 0)
    await asNobody(() =>
      assert.throws(() => secrets.read('a/tls.key'), { code: 'SECRET_UNREADABLE', message: /\(EACCES\)/ }),
    )
  })
})

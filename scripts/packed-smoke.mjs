// Starts the packed `reseal replay demo` as a user would and asks it for a token.
import { spawn } from 'node:child_process'

const child = spawn(process.argv[2], ['replay', 'demo', '--listen', '127.0.0.1:0'], {
  stdio: ['ignore', 'inherit', 'pipe'],
})
let said = ''
const ended = new Promise((resolve) => child.on('exit', resolve))
const url = await new Promise((resolve, reject) => {
  child.stderr.on('data', (chunk) => {
    said += chunk
    const ready = /^reseal ready replay (\S+)$/m.exec(said)
    if (ready !== null) resolve(ready[1])
  })
  child.on('exit', () => reject(new Error(`reseal ended: ${said}`)))
})
const response = await fetch(`${url}/jwks`)
const { keys } = await response.json()
child.kill('SIGTERM')
const code = await ended
if (response.status !== 200 || keys.length === 0 || code !== 0) throw new Error(`unexpected: ${said}`)

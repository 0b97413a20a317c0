import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { processIdentity } from '../../../../electron/core/ports/process-identity.ts'
import { until } from '../../../support/run.ts'

const ways = process.platform === 'linux' ? (['linux', 'darwin'] as const) : (['darwin'] as const)

describe.each(ways)('the identity of a process, as %s tells it', (platform) => {
  it('stays the same while it runs and is another for another process', async () => {
    const own = await processIdentity(process.pid, platform)
    expect(own).toBeTruthy()
    expect(await processIdentity(process.pid, platform)).toBe(own)
    expect(await processIdentity(1, platform)).not.toBe(own)
  })

  it('is gone when it has ended', async () => {
    const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' })
    await once(child, 'exit')
    expect(await processIdentity(child.pid as number, platform)).toBeNull()
  })

  it('is gone while the ended process only waits for its parent', async () => {
    const parent = spawn('sh', ['-c', 'true & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] })
    const [line] = (await once(parent.stdout, 'data')) as [Buffer]
    await until(async () => (await processIdentity(Number(line.toString()), platform)) === null, 'the child to be over')
    parent.kill('SIGKILL')
  })
})

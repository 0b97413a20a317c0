import { mkdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { startDemoGuest, verifyDemoImage } from '../../support/demo-guest.ts'
import { run } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'
import { type Finished, floe } from './floe-command.ts'

interface PointDocument {
  readonly id: string
  readonly path: string
  readonly disks: readonly { readonly id: string; readonly file: string; readonly contentRoot: string | null }[]
}

function succeeded(result: Finished): Finished {
  expect(result, `${result.stdout}${result.stderr}`).toMatchObject({ status: 0 })
  return result
}

function last(result: Finished): Record<string, unknown> {
  return succeeded(result).json().at(-1) ?? {}
}

it('a machine is added, backed up, verified, restored to new images, swapped, undone, and its point deleted', async () => {
  using dir = tempDir()
  const home = dir.file('home')
  const name = `demo in ${dir.path}`
  mkdirSync(dir.file('backups'))
  await using guest = await startDemoGuest({ hidden: true, blocks: 2048, pauseMs: 1 })

  const [machine] = succeeded(
    await floe(home, '--json', 'machine', 'add', '--qmp', guest.qmpPath, '--name', name),
  ).json()
  expect(machine).toMatchObject({ name, state: { kind: 'running' } })
  const [destination] = succeeded(
    await floe(home, 'destination', 'add', dir.file('backups'), '--name', 'T7', '--json'),
  ).json()
  expect(destination).toMatchObject({ name: 'T7', pointCount: 0 })

  const before = guest.counter()
  const backup = succeeded(await floe(home, '--json', 'backup', name))
  const after = guest.counter()
  const events = backup.json()
  expect(events.slice(0, -1).every((event) => event.event === 'progress')).toBe(true)
  expect(events.at(-1)?.event).toBe('finished')
  const point = events.at(-1)?.point as PointDocument
  expect(point).toMatchObject({ machineId: machine?.id, kind: 'full', parentId: null })
  expect(point.disks[0]?.contentRoot).toMatch(/^[0-9a-f]{64}$/)
  const copy = await verifyDemoImage(`${point.path}/${point.disks[0]?.file}`)
  expect(copy).toMatchObject({ ok: true, problems: [] })
  expect(copy.counter).toBeGreaterThanOrEqual(before)
  expect(copy.counter).toBeLessThanOrEqual(after)

  expect(succeeded(await floe(home, '--json', 'points', name)).json()).toMatchObject([[{ id: point.id }]])
  expect(last(await floe(home, 'verify', point.id.slice(0, 6), '--json'))).toMatchObject({
    event: 'finished',
    ok: true,
  })

  mkdirSync(dir.file('new images'))
  const restored = last(
    await floe(home, '--json', 'restore', point.id, '--to', dir.file('new images'), '--format', 'raw'),
  )
  const [image] = restored.images as { disk: string; path: string }[]
  expect(image?.path.startsWith(dir.file('new images'))).toBe(true)
  expect((await verifyDemoImage(image?.path ?? '', 'raw')).counter).toBe(copy.counter)

  const running = await floe(home, '--json', 'restore', point.id, '--swap', '--yes')
  expect(running.status).toBe(6)
  expect(running.json().at(-1)).toMatchObject({ event: 'failed', problem: { code: 'restore/machine-running' } })

  await guest.waitFor((copy.counter as number) + 20)
  await guest.quit()
  const then = await verifyDemoImage(guest.diskPath)
  const refused = await floe(home, 'restore', point.id, '--swap')
  expect(refused).toMatchObject({ status: 2, stdout: '' })
  expect(refused.stderr).toContain('--yes')
  const swap = last(await floe(home, '--json', 'restore', point.id, '--swap', '--yes'))
  expect(swap).toMatchObject({ event: 'finished', restore: { undoable: true } })
  expect((await verifyDemoImage(guest.diskPath)).counter).toBe(copy.counter)

  const [restores] = succeeded(await floe(home, '--json', 'restores')).json() as unknown as [{ id: string }[]]
  expect(restores).toHaveLength(1)
  expect(last(await floe(home, '--json', 'undo', name))).toMatchObject({ event: 'finished' })
  expect((await verifyDemoImage(guest.diskPath)).counter).toBe(then.counter)

  const deleted = await floe(home, 'delete', point.id, '--yes', '--even-protected', '--json')
  expect(last(deleted)).toMatchObject({ event: 'finished', deleted: [point.id] })
  expect(succeeded(await floe(home, '--json', 'points')).json()).toEqual([[]])
  expect(succeeded(await floe(home, 'machine', 'remove', name)).stdout).toContain(`Removed ${name}`)
  expect(await run('qemu-img', 'check', '-q', guest.diskPath)).toBe('')
})

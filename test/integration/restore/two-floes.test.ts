import { spawnSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { openRestoreFloe, restoreWorld } from '../../support/restore-world.ts'
import { tempDir } from '../../support/temp.ts'

const disks = [{ id: 'vda', format: 'qcow2' }] as const
const script = fileURLToPath(new URL('../../support/restore-child.ts', import.meta.url))

it('two Floes that swap one image at once never lose the image that was there', async () => {
  await using world = await restoreWorld(disks)
  using dir = tempDir('fr-')
  cpSync(world.home, dir.file('home'), { recursive: true })
  await using first = await openRestoreFloe(world.home)
  await using second = await openRestoreFloe(dir.file('home'))
  const one = await first.restores.swap(world.point.id)
  const two = await second.restores.swap(world.point.id)
  const ended = await Promise.all([first.board.whenFinal(one), second.board.whenFinal(two)])
  const done = ended.filter((job) => job.state.kind === 'done')
  expect(done.length).toBeGreaterThan(0)
  for (const job of ended) {
    if (job.state.kind === 'done') continue
    const code = expect.stringMatching(/image-shared|machine-running/)
    expect(job.state).toMatchObject({ kind: 'failed', problem: { code } })
  }
  const kept = world.files().filter((name) => name.includes('.undo-'))
  const generations = await Promise.all(kept.map((name) => world.generation('vda', `${world.folder}/${name}`)))
  expect(generations).toContain('now')
  expect(kept).toHaveLength(done.length)
  expect(world.files().filter((name) => /floe-swap|restoring/.test(name))).toEqual([])
})

it('an image that another Floe is swapping is refused, and that Floe is named', async () => {
  await using world = await restoreWorld(disks)
  using dir = tempDir('fr-')
  cpSync(world.home, dir.file('home'), { recursive: true })
  const killed = spawnSync(process.execPath, [script, dir.file('home'), 'swap', world.point.id, 'rename-0'])
  expect(killed.signal).toBe('SIGKILL')
  {
    await using floe = await openRestoreFloe(world.home)
    const job = await floe.board.whenFinal(await floe.restores.swap(world.point.id))
    const message = expect.stringContaining(String(killed.pid))
    expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'restore/image-shared', message } })
    expect(await world.generation('vda')).toBe('now')
  }
  await using other = await openRestoreFloe(dir.file('home'))
  await other.restores.reconcile()
  expect(await world.generation('vda')).toBe('now')
  await using floe = await openRestoreFloe(world.home)
  await floe.done(await floe.restores.swap(world.point.id))
})

import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { homePaths } from '../../../electron/core/home/home-paths.ts'
import { openRestoreFloe, type RestoreFloe, restoreWorld, type World } from '../../support/restore-world.ts'
import { run, until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

const twoDisks = [
  { id: 'vda', format: 'qcow2' },
  { id: 'vdb', format: 'raw' },
] as const
const untouched = ['vda.qcow2', 'vdb.img']

async function expectNothingChanged(world: World, floe: RestoreFloe): Promise<void> {
  expect(world.files()).toEqual(untouched)
  for (const { id } of twoDisks) expect(await world.generation(id)).toBe('now')
  expect(floe.restores.restores()).toEqual([])
  expect(await run('find', homePaths(world.home).restoreJournals, '-type', 'f')).toBe('')
}

describe('a restore in place that fails', () => {
  it.each([
    ['immutable', ['chattr', '+i'], ['chattr', '-i']],
    ['a mount point', ['mount', '--bind'], ['umount']],
  ])('at the rename of disk 2, which is %s, leaves disk 1 as before', async (_, lock, unlock) => {
    await using world = await restoreWorld(twoDisks)
    const image = world.image('vdb')
    const [program = '', ...options] = lock
    const paths = program === 'mount' ? [image, image] : [image]
    const step = (name: string) => void (name === 'keep-1' && spawnSync(program, [...options, ...paths]))
    await using floe = await openRestoreFloe(world.home, { step })
    try {
      const job = await floe.board.whenFinal(await floe.restores.swap(world.point.id))
      expect(job.state).toMatchObject({
        kind: 'failed',
        problem: {
          code: 'restore/rename-failed',
          params: { rolledBack: true },
          message: expect.stringContaining('as before'),
        },
      })
      expect(floe.activities()[0]).toMatchObject({ level: 'problem', problem: { code: 'restore/rename-failed' } })
    } finally {
      await run(unlock[0] as string, ...unlock.slice(1), image)
    }
    await expectNothingChanged(world, floe)
  })

  it('because the drive gets full while it builds leaves nothing behind', async () => {
    const folder = (await run('mktemp', '-d', '/tmp/fr-full-XXXXXX')).trim()
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder])
    const fill = (name: string) => {
      if (name === 'build-1') spawnSync('dd', ['if=/dev/zero', `of=${folder}/filler`, 'bs=64k'])
    }
    try {
      await using world = await restoreWorld([twoDisks[0], { ...twoDisks[1], folder }])
      await using floe = await openRestoreFloe(world.home, { step: fill })
      const job = await floe.board.whenFinal(await floe.restores.swap(world.point.id))
      expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'restore/no-space' } })
      expect((await run('ls', folder)).trim().split('\n')).toEqual(['filler', 'vdb.img'])
      expect(world.files()).toEqual(['vda.qcow2'])
      expect(await world.generation('vda')).toBe('now')
    } finally {
      await run('umount', folder)
      rmSync(folder, { recursive: true })
    }
  })

  it('because the point is damaged swaps nothing and says where', async () => {
    await using world = await restoreWorld(twoDisks)
    await using floe = await openRestoreFloe(world.home)
    const path = `${world.point.path}/${world.point.disks[1]?.file}`
    const at = readFileSync(path).indexOf(Buffer.alloc(4096, 10))
    const file = openSync(path, 'r+')
    writeSync(file, Buffer.from([11]), 0, 1, at + 100)
    closeSync(file)
    const job = await floe.board.whenFinal(await floe.restores.swap(world.point.id))
    expect(job.state).toMatchObject({
      kind: 'failed',
      problem: { code: 'restore/check-failed', params: { disk: 'vdb', offset: expect.any(Number) } },
    })
    await expectNothingChanged(world, floe)
  })

  it.each([
    ['build-1', 'cancelled'],
    ['check-1', 'cancelled'],
    ['dress-1', 'cancelled'],
    ['journal-swapping', 'refused'],
  ])('or is cancelled at %s: %s', async (when, result) => {
    await using world = await restoreWorld(twoDisks)
    const cancelling: Promise<string>[] = []
    await using floe = await openRestoreFloe(world.home, {
      step: (name) => {
        if (name !== when) return
        const [job] = floe.board.active()
        if (job)
          cancelling.push(
            floe.board.cancel(job.id).then(
              () => 'cancelled',
              () => 'refused',
            ),
          )
      },
    })
    const job = await floe.board.whenFinal(await floe.restores.swap(world.point.id))
    expect(await Promise.all(cancelling)).toEqual([result])
    expect(job.state.kind).toBe(result === 'cancelled' ? 'cancelled' : 'done')
    if (result === 'cancelled') await expectNothingChanged(world, floe)
    else expect(await world.generation('vda')).toBe('then')
  })

  it.each(['check-1', 'keep-0', 'sync-renamed-1'])(
    'because the machine is started at %s leaves the machine its images',
    async (when) => {
      await using world = await restoreWorld(twoDisks)
      using dir = tempDir()
      let pid = 0
      await using floe = await openRestoreFloe(world.home, {
        step: (name) => {
          if (name !== when || pid !== 0) return
          // The machine opened its images a moment before they were renamed: this holds what it would hold.
          const images = when === 'check-1' ? ['vda', 'vdb'].map(world.image) : undoFiles(world)
          pid = startDetached(images, dir.file('pid'))
        },
      })
      try {
        const job = await floe.board.whenFinal(await floe.restores.swap(world.point.id))
        expect(pid).toBeGreaterThan(0)
        expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'restore/machine-running' } })
        for (const { id } of twoDisks) expect(holds(pid, world.image(id)), id).toBe(true)
      } finally {
        process.kill(pid, 'SIGKILL')
      }
      await until(() => !existsSync(`/proc/${pid}/fd/0`), 'the end of QEMU')
      await expectNothingChanged(world, floe)
    },
  )
})

/** Does the process have this very file open, under whatever name? */
function holds(pid: number, path: string): boolean {
  const { ino } = statSync(path)
  return readdirSync(`/proc/${pid}/fd`).some(
    (fd) => statSync(`/proc/${pid}/fd/${fd}`, { throwIfNoEntry: false })?.ino === ino,
  )
}

function undoFiles(world: World): string[] {
  const names = world.files()
  return untouched.map((name) => {
    const stem = name.split('.')[0] ?? ''
    const undo = names.find((other) => other.startsWith(`${stem}.undo-`))
    return `${world.folder}/${undo ?? name}`
  })
}

/** A QEMU that has the images open when this returns; its name and its sockets tell nothing. */
function startDetached(images: readonly string[], pidFile: string): number {
  const disks = images.flatMap((filename, index) => [
    '-blockdev',
    JSON.stringify({ driver: 'file', 'node-name': `n${index}`, filename }),
    '-device',
    `virtio-blk-pci,drive=n${index}`,
  ])
  const args = ['-nodefaults', '-display', 'none', '-machine', 'q35,accel=tcg', '-m', '64', '-S', '-daemonize']
  const { status, stderr } = spawnSync('qemu-system-x86_64', [...args, '-pidfile', pidFile, ...disks])
  if (status !== 0) throw new Error(String(stderr))
  return Number(readFileSync(pidFile, 'utf8'))
}

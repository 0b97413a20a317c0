import { expect, it } from 'vitest'
import { until } from '../../../support/run.ts'
import { cli, destination, done, FakeFloe, floeWith, job, machine, point, Refusal } from './fake-floe.ts'

const vda = point('pointaaaaaaa').disks[0]
const incremental = point('pointbbbbbbb', {
  kind: 'incremental',
  kindReason: 'Only what changed since 11:00 is copied.',
  basis: 'comparison',
  adds: 640_000_000,
  bytes: 700_000_000,
  parentId: 'pointaaaaaaa' as never,
  storage: 'chain',
  needs: ['pointaaaaaaa'] as never,
  pinned: true,
  disks: [
    {
      ...vda,
      bytesCopied: 640_000_000,
      basis: 'comparison',
      basisReason: 'QEMU was killed, so its changes were not tracked.',
      parentId: 'pointaaaaaaa',
      bitmap: 'floe-t7aaaaaaaaaa-pointbbbbbbb',
    },
  ] as never,
})

it('points have columns for kind, basis, what each adds and takes up, whether it is verified and pinned, and why', async () => {
  const floe = new FakeFloe()
  floe.points = [incremental, point('pointaaaaaaa', { verification: { level: 'content', ok: true } as never })]
  const [head = '', newer = '', older = ''] = (await cli(floe, ['points'])).stdout.split('\n')
  expect(head.split(/ {2,}/)).toEqual([
    'ID',
    'MACHINE',
    'TIME',
    'KIND',
    'BASIS',
    'ADDS',
    'ON DISK',
    'CONSISTENCY',
    'VERIFIED',
    'PINNED',
    'WHY',
  ])
  expect(newer.split(/ {2,}/).slice(3)).toEqual([
    'Incremental',
    'comparison',
    '640 MB',
    '700 MB',
    'Crash-consistent',
    'Checked',
    'pinned',
    'Only what changed since 11:00 is copied.',
  ])
  expect(older.split(/ {2,}/).slice(3)).toEqual([
    'Full',
    'all',
    '2.00 GB',
    '2.00 GB',
    'Crash-consistent',
    'Verified',
    'It is the first backup to T7.',
  ])
  expect((await cli(floe, ['points', '--json'])).json()).toEqual([floe.points])
})

it('a point tells why it is of its kind, what it needs, and the basis of each disk with its reason', async () => {
  const floe = new FakeFloe()
  floe.points = [incremental, point('pointaaaaaaa')]
  const { stdout } = await cli(floe, ['point', 'pointb'])
  expect(stdout).toContain('Incremental by comparison: Only what changed since 11:00 is copied.')
  expect(stdout).toMatch(/Adds +640 MB/)
  expect(stdout).toMatch(/On disk +700 MB/)
  expect(stdout).toMatch(/Needs +pointaaaaaaa/)
  expect(stdout).toMatch(/Started from +pointaaaaaaa/)
  expect(stdout).toMatch(/Pinned +yes/)
  expect(stdout).toContain('640 MB copied by comparison')
  expect(stdout).toContain('QEMU was killed, so its changes were not tracked.')
  const alone = (await cli(floe, ['point', 'pointa'])).stdout
  expect(alone).toMatch(/Needs +no other point/)
  expect(alone).not.toContain('Started from')
})

it('a damaged point shows the damage, and where it was found when that was in another', async () => {
  const floe = new FakeFloe()
  const damage = [
    { diskId: 'vda', file: 'vda.qcow2', kind: 'content', offset: 4096, length: 1, text: 'vda differs at 4096.' },
  ]
  const verification = { level: 'content', ok: false, at: '2026-11-22T11:30:00Z', damage, foundIn: 'pointaaaaaaa' }
  floe.points = [point('pointbbbbbbb', { verification: verification as never })]
  const { stdout } = await cli(floe, ['point', 'pointb'])
  expect(stdout).toContain('vda differs at 4096.')
  expect(stdout).toContain('found in pointaaaaaaa')
})

const broken = new Refusal({ code: 'point/damaged', message: 'vda differs at 4096.' }).problem
const found = { level: 'content', ok: false, at: '', damage: [], foundIn: 'pointaaaaaaa' } as never

it('verify names every other point that holds or needs the damaged bytes', async () => {
  const floe = floeWith([{ state: { kind: 'failed', problem: broken } }])
  floe.points = [
    point('pointccccccc', { verification: found }),
    point('pointbbbbbbb', { verification: found }),
    point('pointaaaaaaa', { verification: { ...(found as object), foundIn: null } as never }),
    point('pointddddddd'),
  ]
  const { status, stderr } = await cli(floe, ['verify', 'pointa'])
  expect(status).toBe(7)
  expect(stderr).toMatch(/^floe: vda differs at 4096\.\n/)
  expect(stderr.match(/^ {2}Also damaged: .*/gm)).toEqual([
    expect.stringContaining('pointccccccc, debian'),
    expect.stringContaining('pointbbbbbbb, debian'),
  ])
  expect(stderr).not.toContain('pointddddddd')
  expect((await cli(floe, ['verify', 'pointa', '--json'])).json().at(-1)).toMatchObject({
    event: 'failed',
    ok: false,
    affected: ['pointccccccc', 'pointbbbbbbb'],
  })
})

it('a verification whose damage is in no other point names none', async () => {
  const floe = floeWith([{ state: { kind: 'failed', problem: broken } }])
  const { stderr } = await cli(floe, ['verify', 'pointa'])
  expect(stderr).not.toContain('Also damaged')
  expect((await cli(floe, ['verify', 'pointa', '--json'])).json().at(-1)).toMatchObject({ affected: [] })
})

it('destinations say in plain words how they store points', async () => {
  const floe = new FakeFloe()
  floe.destinations = [destination('t7aaaaaaaaaa', 'T7'), destination('nasaaaaaaaaa', 'NAS', { storage: 'chain' })]
  const { stdout } = await cli(floe, ['destinations'])
  expect(stdout).toMatch(/STORAGE/)
  expect(stdout).toMatch(/T7 .*clones \(every point stands alone\)/)
  expect(stdout).toMatch(/NAS .*chain \(points need earlier ones\)/)
})

it('export --since names the point by any of its names, and tells where the changes are found', async () => {
  const floe = floeWith([done])
  const disk = {
    diskId: 'vda',
    exportName: 'vda',
    uri: 'nbd+unix:///vda?socket=/run/s',
    size: 1,
    sinceBitmap: 'floe-since-p',
  }
  const held = { socketPath: '/run/s', at: '2026-11-22T11:59:30.000Z', disks: [disk] }
  let end = (_: unknown) => {}
  floe.answers['export.start'] = () => {
    floe.jobs = [job({ kind: 'preparing', step: '' }, { kind: 'export' })]
    setImmediate(() => floe.move('jobaaaaaaaaa', { state: { kind: 'holding' }, export: held as never }))
    return { jobId: 'jobaaaaaaaaa' }
  }
  floe.answers['export.hold'] = () => new Promise((resolve) => (end = resolve))
  floe.answers['jobs.cancel'] = () => {
    floe.move('jobaaaaaaaaa', { state: { kind: 'cancelled' } })
    end({})
    return {}
  }
  const right = '[ "$FLOE_EXPORT_SINCE" = qemu:dirty-bitmap:floe-since-p ]'
  const args = ['export', 'debian', '--since', 'pointb', '--', 'sh', '-c', right]
  expect(await cli(floe, args, { env: process.env, cwd: '/' })).toMatchObject({ status: 0 })
  const interrupted = new AbortController()
  const running = cli(floe, ['export', 'debian', '--since', 'pointb'], { signal: interrupted.signal })
  await until(() => floe.jobs[0]?.state.kind === 'holding', 'the export')
  setImmediate(() => interrupted.abort())
  expect((await running).stdout).toContain('Changes: qemu:dirty-bitmap:floe-since-p')
  expect(floe.called('export.start')).toMatchObject([{ since: 'pointbbbbbbb' }, { since: 'pointbbbbbbb' }])
})

it('export --since does not go with a whole disk on standard output', async () => {
  const floe = floeWith([])
  const result = await cli(floe, ['export', 'debian', '--since', 'pointb', '--to-stdout', 'vda'])
  expect(result.status).toBe(2)
  expect(result.stderr).toContain('--since')
  floe.machines = [machine('debianaaaaaa', 'debian')]
  floe.answers['export.start'] = () => {
    throw new Refusal({ code: 'export/not-tracked', message: 'The changes since then are not tracked.' })
  }
  expect(await cli(floe, ['export', 'debian', '--since', 'pointb', '--', 'true'])).toMatchObject({ status: 5 })
  expect(await cli(floe, ['export', 'debian', '--since', 'nothing', '--', 'true'])).toMatchObject({ status: 6 })
})

import { expect, it } from 'vitest'
import type { Job } from '../../../../shared/domain/job.ts'
import { cli, done, floeWith, point, Refusal } from './fake-floe.ts'

const progress = { doneBytes: 420, totalBytes: 1000, fraction: 0.42, bytesPerSecond: 100_000_000, secondsLeft: 30 }
const copying = { state: { kind: 'copying' }, progress } as Partial<Job>
const checking = { state: { kind: 'checking' }, checked: { doneBytes: 10, totalBytes: 20 } } as Partial<Job>

it('backup --json: nothing but JSON, progress events, and last the point', async () => {
  const result = await cli(floeWith([copying, checking, done]), ['backup', 'debian', '--json'])
  expect(result).toMatchObject({ status: 0, stderr: '' })
  const events = result.json()
  expect(events.map((event) => event.event)).toEqual(['progress', 'progress', 'progress', 'finished'])
  expect(events[1]).toMatchObject({ state: 'copying', doneBytes: 420, totalBytes: 1000, fraction: 0.42 })
  expect(events.at(-1)).toMatchObject({
    point: {
      id: 'pointaaaaaaa',
      machineId: 'debianaaaaaa',
      kind: 'full',
      parentId: null,
      path: '/t7/debian/pointaaaaaaa',
    },
  })
})

it('the options of a backup reach the core', async () => {
  const floe = floeWith([done])
  await cli(floe, ['backup', 'debian', '--disk', 'vda', '--disk', 'vdb', '--limit', '50M', '--no-check'])
  const asSet = { freeze: null, requireFreeze: null, mountpoints: null }
  const usual = { kind: 'automatic', prove: false, whenPossible: false }
  const plain = { machineId: 'debianaaaaaa', destinationId: null, ...usual, ...asSet }
  expect(floe.called('backup.start')).toEqual([{ ...plain, diskIds: ['vda', 'vdb'], limit: 50_000_000, check: false }])
  await cli(floe, ['backup', 'debian', '--no-freeze', '--when-possible'])
  expect(floe.called('backup.start').at(-1)).toMatchObject({ freeze: false, requireFreeze: false, whenPossible: true })
  await cli(floe, ['backup', 'debian', '--require-freeze'])
  expect(floe.called('backup.start').at(-1)).toMatchObject({ freeze: true, requireFreeze: true, whenPossible: false })
  const both = await cli(floe, ['backup', 'debian', '--require-freeze', '--no-freeze'])
  expect(both.status).toBe(2)
  expect(both.stderr).toContain('contradict')
})

const instant = {
  consistency: 'frozen',
  freeze: { heldMs: 84, confirmedAfterMs: 12, fileSystems: [] },
  reason: null,
  cause: null,
  pausedMs: 7,
} as const
const way = { way: 'fleecing', reason: 'The guest never waits for the destination.' } as const

it('a backup tells its way, what its instant is worth, and what it waits for', async () => {
  const waiting = {
    state: {
      kind: 'waiting',
      for: 'destination',
      problem: { ...new Refusal({ code: 'destination/missing', message: 'T7 is not there.' }).problem },
    },
  } as Partial<Job>
  const full = {
    state: { kind: 'paused', reason: 'no-space', neededBytes: 5e9, freeBytes: 1e6 },
    progress,
  } as Partial<Job>
  const steps = [waiting, { ...copying, way, instant } as unknown as Partial<Job>, full, done]
  const floe = floeWith(steps)
  floe.points = [
    point('pointaaaaaaa', {
      consistency: 'frozen',
      consistencyReason: null,
      freeze: instant.freeze,
      pausedMs: 7,
    } as never),
  ]
  const { stdout, status } = await cli(floe, ['backup', 'debian', '--when-possible'])
  expect(status).toBe(0)
  expect(stdout).toContain('Waiting for T7')
  expect(stdout).toContain('Way: fleecing. The guest never waits for the destination.')
  expect(stdout).toContain('T7 is full')
  expect(stdout.match(/Consistency: frozen 84 ms\./g)).toHaveLength(2)
  expect(stdout).toContain('The guest stood still for 7 ms.')
  const events = (await cli(floeWith(steps), ['backup', 'debian', '--json'])).json()
  expect(events[1]).toMatchObject({
    state: 'waiting',
    waiting: { for: 'destination', problem: { code: 'destination/missing' } },
  })
  expect(events[2]).toMatchObject({ way: 'fleecing', instant: { consistency: 'frozen', freeze: { heldMs: 84 } } })
  expect(events[3]).toMatchObject({ state: 'paused', paused: { reason: 'no-space', neededBytes: 5e9 } })
})

it('without a terminal progress is a few plain lines', async () => {
  const result = await cli(floeWith([copying, copying, checking, done]), ['backup', 'debian'])
  expect(result.stdout).not.toContain('\r')
  expect(result.stdout.split('\n').slice(0, 4)).toEqual([
    'Preparing: Reading disks',
    expect.stringMatching(/backup to T7$/i),
    'Checking the copy',
    'Backed up in 1 min: 2.00 GB added',
  ])
})

it('on a terminal progress is a bar in one place, gone before the result', async () => {
  const terminal = { input: true, output: true, columns: 120 }
  const result = await cli(floeWith([copying, done]), ['backup', 'debian'], { terminal })
  expect(result.stdout).toContain('\rCopying  [##########--------------]  42 %')
  expect(result.stdout).toContain('\r\u001b[KBacked up in 1 min')
})

it('a failed backup has the status of its problem, and the sentence on standard error', async () => {
  const problem = {
    code: 'backup/destination-full' as const,
    message: 'T7 is full.',
    params: {},
    severity: 'error' as const,
    remedy: 'Free some space.',
    causes: ['No space left on device'],
  }
  const result = await cli(floeWith([copying, { state: { kind: 'failed', problem } }]), ['backup', 'debian'])
  expect(result.status).toBe(5)
  expect(result.stderr).toBe('floe: T7 is full.\nFree some space.\n  No space left on device\n')
  const kept = { ...problem, params: { partialRemoved: false } }
  const words = await cli(floeWith([{ state: { kind: 'failed', problem: kept } }]), ['backup', 'debian'])
  expect(words.stderr).toContain('The unfinished copy couldn’t be removed;')
  const stays = await cli(floeWith([{ state: { kind: 'cancelled', partialRemoved: false } }]), ['backup', 'debian'])
  expect(stays.stderr).toContain('was cancelled. The partial copy could not be removed.')
  const json = await cli(floeWith([{ state: { kind: 'failed', problem } }]), ['backup', 'debian', '--json'])
  expect(json.json().at(-1)).toMatchObject({
    event: 'failed',
    problem: { code: problem.code, message: problem.message },
  })
})

it('a refusal at the start ends with `failed` and tells how to add a destination', async () => {
  const floe = floeWith([])
  floe.answers['backup.start'] = () => {
    throw new Refusal({ code: 'destination/none', message: 'There is no destination yet.' })
  }
  const result = await cli(floe, ['backup', 'debian'])
  expect(result.status).toBe(4)
  expect(result.stderr).toContain('floe destination add DIR')
  expect((await cli(floe, ['backup', 'debian', '--json'])).json()).toMatchObject([{ event: 'failed' }])
})

it('Ctrl-C cancels the job, waits for its end and leaves with 130', async () => {
  const controller = new AbortController()
  const floe = floeWith([copying], (fake) => fake.move('jobaaaaaaaaa', { state: { kind: 'cancelled' } }))
  const running = cli(floe, ['backup', 'debian', '--json'], { signal: controller.signal })
  setTimeout(() => controller.abort(), 20)
  const result = await running
  expect(result.status).toBe(130)
  expect(floe.called('jobs.cancel')).toEqual([{ jobId: 'jobaaaaaaaaa' }])
  expect(result.json().at(-1)).toMatchObject({ event: 'failed', problem: { code: 'backup/cancelled' } })
})

it('Ctrl-C before the job starts nothing', async () => {
  const floe = floeWith([done])
  const result = await cli(floe, ['backup', 'debian'], { signal: AbortSignal.abort() })
  expect(result.status).toBe(130)
  expect(floe.called('backup.start')).toEqual([])
})

it('a damaged point fails its verification with 7, whatever way it shows', async () => {
  const problem = { params: {}, severity: 'error' as const, remedy: null, causes: [] }
  for (const code of ['point/damaged', 'point/file-missing', 'point/unreadable'] as const) {
    const state = { kind: 'failed', problem: { ...problem, code, message: 'vda differs at 4096.' } } as const
    const result = await cli(floeWith([{ state }]), ['verify', 'pointa', '--json'])
    expect(result.status).toBe(7)
    expect(result.json().at(-1)).toMatchObject({ event: 'failed', ok: false, problem: { code } })
  }
  const good = await cli(floeWith([done]), ['verify', 'pointa', '--level', 'structure', '--json'])
  expect(good.json().at(-1)).toMatchObject({ event: 'finished', ok: true, level: 'structure' })
  expect((await cli(floeWith([]), ['verify', 'pointa', '--level', 'deep'])).status).toBe(2)
})

it('restore needs one way, and --format only goes with --to', async () => {
  for (const args of [[], ['--to', 'x', '--swap'], ['--swap', '--format', 'raw'], ['--to', 'x', '--format', 'vmdk']]) {
    const result = await cli(floeWith([]), ['restore', 'pointa', '--json', ...args])
    expect(result.status).toBe(2)
    expect(result.json()).toMatchObject([{ event: 'failed', problem: { code: 'ipc/invalid-input' } }])
  }
})

it('restore --to passes the absolute folder and prints the images', async () => {
  const images = [{ disk: 'vda', path: '/work dir/out/vda.raw' }]
  const result = { ...done.result, images } as unknown as NonNullable<Job['result']>
  const floe = floeWith([{ ...done, kind: 'restore', result }])
  const ran = await cli(floe, ['restore', 'pointa', '--to', 'out', '--format', 'raw', '--json'])
  expect(ran.json().at(-1)).toMatchObject({ event: 'finished', images })
  expect(floe.called('restore.toNewImage')).toEqual([
    { pointId: 'pointaaaaaaa', directory: '/work dir/out', format: 'raw' },
  ])
})

it('a swap asks on a terminal, takes no for an answer, and refuses where nobody can be asked', async () => {
  const preflight = { ok: true, checks: [], disks: [], neededBytes: 0 }
  const terminal = { input: true, output: true, columns: 80 }
  for (const [answer, status, started] of [
    ['n', 130, 0],
    ['', 130, 0],
    ['y', 0, 1],
    ['Yes', 0, 1],
  ] as const) {
    const floe = floeWith([done])
    floe.answers['restore.preflight'] = () => preflight
    const result = await cli(floe, ['restore', 'pointa', '--swap'], { terminal, ask: async () => answer })
    expect(result.status).toBe(status)
    expect(floe.called('restore.swap')).toHaveLength(started)
  }
  const floe = floeWith([done])
  floe.answers['restore.preflight'] = () => preflight
  const refused = await cli(floe, ['restore', 'pointa', '--swap', '--json'])
  expect(refused.status).toBe(2)
  expect(refused.json()).toMatchObject([{ event: 'failed' }])
  expect((await cli(floe, ['restore', 'pointa', '--swap', '--yes'])).status).toBe(0)
})

it('a swap that something blocks is never started without a yes: what blocks it may be over a moment later', async () => {
  const terminal = { input: true, output: true, columns: 80 }
  const check = { check: 'machine-off', result: 'blocked', title: 'The machine is off', detail: 'debian runs.' }
  const floe = floeWith([done])
  floe.answers['restore.preflight'] = () => ({ ok: false, checks: [check], disks: [], neededBytes: 0 })
  expect((await cli(floe, ['restore', 'pointa', '--swap'])).status).toBe(2)
  const result = await cli(floe, ['restore', 'pointa', '--swap'], { terminal, ask: async () => 'n' })
  expect(result.status).toBe(130)
  expect(result.stderr).toContain('debian runs.')
  expect(floe.called('restore.swap')).toEqual([])
})

it('a command that has finished stays finished when leaving the home fails', async () => {
  const floe = floeWith([done])
  const close = () => Promise.reject(new Error('the lock is gone'))
  const result = await cli(floe, ['points', '--json'], { openClient: async () => ({ client: floe.client, close }) })
  expect(result.status).toBe(0)
  expect(result.json()).toHaveLength(1)
  expect(result.stderr).toContain('the lock is gone')
})

it('delete takes several points once each, and asks or wants --yes', async () => {
  const floe = floeWith([done])
  expect((await cli(floe, ['delete', 'pointa', 'pointb'])).status).toBe(2)
  expect(floe.called('points.delete')).toEqual([])
  const result = await cli(floe, ['delete', 'pointa', 'pointaaaaaaa', 'pointb', '--yes', '--json'])
  expect(floe.called('points.delete')).toEqual([{ pointIds: ['pointaaaaaaa', 'pointbbbbbbb'], evenProtected: [] }])
  expect(result.json().at(-1)).toMatchObject({ event: 'finished', deleted: ['pointaaaaaaa', 'pointbbbbbbb'] })
})

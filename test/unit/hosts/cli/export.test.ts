import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { exportEnvironment } from '../../../../electron/hosts/cli/export/environment.ts'
import type { DiskId } from '../../../../shared/domain/ids.ts'
import type { Job } from '../../../../shared/domain/job.ts'
import { until } from '../../../support/run.ts'
import { tempDir } from '../../../support/temp.ts'
import { cli, FakeFloe, job, machine, Refusal } from './fake-floe.ts'

const disk = (id: string) => ({
  diskId: id as DiskId,
  exportName: id,
  uri: `nbd+unix:///${encodeURIComponent(id)}?socket=%2Frun%2Fs`,
  size: 1 << 20,
  sinceBitmap: null,
})
const place = { socketPath: '/run/s', at: '2026-11-22T11:59:30.000Z', disks: [disk('vda'), disk('n-b/ü')] }
const instant = {
  consistency: 'crash-consistent',
  freeze: null,
  reason: 'The machine has no channel to a guest agent.',
  cause: 'no-agent',
  pausedMs: 5,
} as const

/** A Floe whose export is held at once, and ends as the test says. */
function exporting() {
  const floe = new FakeFloe()
  floe.machines = [machine('debianaaaaaa', 'debian')]
  const id = 'jobaaaaaaaaa'
  const about = { kind: 'export', destinationId: null, destinationName: null } as Partial<Job>
  let endHold: (problem: Refusal | null) => void = () => {}
  let atCancel: Partial<Job> = { state: { kind: 'cancelled' } }
  const end = (change: Partial<Job>) => {
    floe.move(id, { ...change, export: null })
    endHold(change.state?.kind === 'failed' ? new Refusal(change.state.problem) : null)
  }
  floe.answers['export.start'] = () => {
    floe.jobs = [job({ kind: 'preparing', step: 'Starting the NBD server' }, about)]
    setImmediate(() => floe.move(id, { state: { kind: 'holding' }, export: place, instant }))
    return { jobId: id }
  }
  floe.answers['export.hold'] = (_input, signal) =>
    new Promise((resolve, reject) => {
      endHold = (problem) => (problem === null ? resolve({}) : reject(problem))
      signal?.addEventListener('abort', () => resolve({}))
    })
  floe.answers['jobs.cancel'] = () => {
    end(atCancel)
    return {}
  }
  const endsAs = (change: Partial<Job>) => {
    atCancel = change
  }
  return { floe, end, endsAs }
}

const lost = {
  kind: 'failed',
  problem: new Refusal({ code: 'export/ended', message: 'The instant was lost.' }).problem,
} as const

it('without a command it prints where the instant is, and holds it until Ctrl-C, which ends well', async () => {
  const { floe } = exporting()
  const controller = new AbortController()
  const running = cli(floe, ['export', 'debian'], { signal: controller.signal })
  await until(() => floe.jobs[0]?.state.kind === 'holding', 'the export')
  setImmediate(() => controller.abort())
  const { status, stdout } = await running
  expect(status).toBe(0)
  expect(stdout).toContain('crash-consistent: The machine has no channel to a guest agent')
  expect(stdout).toContain('Socket: /run/s')
  expect(stdout).toContain('nbd+unix:///vda?socket=%2Frun%2Fs')
  expect(floe.called('jobs.cancel')).toHaveLength(1)
})

it('--json prints one event with the place, and one at the end', async () => {
  const { floe } = exporting()
  const controller = new AbortController()
  const running = cli(floe, ['export', 'debian', '--json'], { signal: controller.signal })
  await until(() => floe.jobs[0]?.state.kind === 'holding', 'the export')
  setImmediate(() => controller.abort())
  const events = (await running).json()
  expect(events.map(({ event }) => event)).toEqual(['progress', 'holding', 'finished'])
  expect(events[1]).toMatchObject({ export: place, instant })
})

it('disks and wishes reach the core', async () => {
  const { floe } = exporting()
  await cli(floe, ['export', 'debian', '--disk', 'vda', '--require-freeze', '--', 'true'])
  await cli(floe, ['export', 'debian', '--no-freeze', '--', 'true'])
  expect(floe.called('export.start')).toEqual([
    { machineId: 'debianaaaaaa', diskIds: ['vda'], since: null, freeze: true, requireFreeze: true },
    { machineId: 'debianaaaaaa', diskIds: null, since: null, freeze: false, requireFreeze: false },
  ])
})

it('a command gets the place in its environment, its own options, and gives its status', async () => {
  using dir = tempDir()
  const script = 'printf "%s\\n" "$FLOE_EXPORT_SOCKET" "$FLOE_EXPORT_URI" "$FLOE_EXPORT_URI_N_B__" "$2" > "$1"; exit 9'
  const { floe } = exporting()
  const command = ['sh', '-c', script, 'sh', dir.file('seen'), '--disk']
  const result = await cli(floe, ['export', 'debian', '--', ...command], { env: process.env, cwd: dir.path })
  expect(result).toMatchObject({ status: 9, stdout: '' })
  expect(result.stderr).toContain('The command ended with status 9.')
  expect(readFileSync(dir.file('seen'), 'utf8').split('\n')).toEqual([
    '/run/s',
    place.disks[0]?.uri,
    place.disks[1]?.uri,
    '--disk',
    '',
  ])
})

it('a command that cannot be found is 127, one that a signal ended is 128 and its number, as in a shell', async () => {
  using dir = tempDir()
  const around = { env: process.env, cwd: dir.path }
  expect((await cli(exporting().floe, ['export', 'debian', '--', '/no/such/program'], around)).status).toBe(127)
  expect((await cli(exporting().floe, ['export', 'debian', '--', 'sh', '-c', 'kill -KILL $$'], around)).status).toBe(
    137,
  )
})

it('an export that breaks while the command runs ends the command with all it started, and fails', async () => {
  using dir = tempDir()
  const { floe, end } = exporting()
  const script = '(trap "" TERM; echo $$ > "$0"; while :; do sleep 1; done) & wait; wait'
  const running = cli(floe, ['export', 'debian', '--json', '--', 'sh', '-c', script, dir.file('pid')], {
    env: process.env,
    cwd: dir.path,
  })
  const group = await until(() => Number(readOrNothing(dir.file('pid'))), 'the command')
  end({ state: lost })
  const result = await running
  expect(result.status).toBe(5)
  expect(result.json().at(-1)).toMatchObject({ event: 'failed', problem: { code: 'export/ended' } })
  await until(() => isGone(-group), 'the end of all it started', 5_000)
})

it('an export that somebody else ends under a command is a failure too', async () => {
  using dir = tempDir()
  const { floe, end } = exporting()
  const script = 'echo 1 > "$0"; exec sleep 60'
  const running = cli(floe, ['export', 'debian', '--', 'sh', '-c', script, dir.file('on')], {
    env: process.env,
    cwd: dir.path,
  })
  await until(() => readOrNothing(dir.file('on')), 'the command')
  end({ state: { kind: 'cancelled' } })
  const result = await running
  expect(result.status).toBe(5)
  expect(result.stderr).toContain('was ended from outside')
})

it('a command that was content does not hide that the instant was lost before it ended', async () => {
  const { floe, endsAs } = exporting()
  endsAs({ state: lost })
  const result = await cli(floe, ['export', 'debian', '--', 'true'], { env: process.env, cwd: '/' })
  expect(result.status).toBe(5)
  expect(result.stderr).toContain('The instant was lost.')
})

it('Ctrl-C reaches the command, whose own end is the status', async () => {
  using dir = tempDir()
  const { floe } = exporting()
  const controller = new AbortController()
  const script = 'trap "echo told > $0.told; exit 42" INT; echo 1 > "$0"; while :; do sleep 0.1; done'
  const running = cli(floe, ['export', 'debian', '--', 'sh', '-c', script, dir.file('on')], {
    env: process.env,
    cwd: dir.path,
    signal: controller.signal,
  })
  await until(() => readOrNothing(dir.file('on')), 'the command')
  controller.abort()
  expect((await running).status).toBe(42)
  expect(readOrNothing(dir.file('on.told'))).toBe('told\n')
})

it('a refusal at the start has its own status', async () => {
  const { floe } = exporting()
  floe.answers['export.start'] = () => {
    throw new Refusal({ code: 'export/not-possible', message: "The QEMU 6.2 of debian can't keep an instant." })
  }
  expect(await cli(floe, ['export', 'debian', '--', 'true'])).toMatchObject({ status: 5, stdout: '' })
})

it('what cannot be meant is refused before anything starts', async () => {
  const { floe } = exporting()
  const wrong: [string[], RegExp][] = [
    [['export', 'debian', '--'], /What should be run after "--"/],
    [['export', '--', 'true'], /needs to know which/],
    [['export', 'debian', 'true'], /does not take "true"/],
    [['export', 'debian', '--to-stdout', 'vda', '--json'], /--json would print/],
    [['export', 'debian', '--to-stdout', 'vda', '--disk', 'vdb'], /leave --disk out/],
    [['export', 'debian', '--to-stdout', 'vda', '--', 'cat'], /runs no command/],
    [['export', 'debian', '--no-freeze', '--require-freeze'], /contradict/],
  ]
  for (const [args, words] of wrong) {
    const result = await cli(floe, args)
    expect(result.status, args.join(' ')).toBe(2)
    expect(result.stderr + result.stdout, args.join(' ')).toMatch(words)
  }
  const terminal = { input: true, output: true, columns: 80 }
  expect((await cli(floe, ['export', 'debian', '--to-stdout', 'vda'], { terminal })).stderr).toMatch(/terminal/)
  expect(floe.called('export.start')).toEqual([])
})

it('disks whose names look the same in an environment keep apart', () => {
  const names = Object.keys(exportEnvironment({ ...place, disks: [disk('a-b'), disk('a_b'), disk('A.b')] }))
  expect(names.slice(3)).toEqual(['FLOE_EXPORT_URI_A_B', 'FLOE_EXPORT_URI_A_B_2', 'FLOE_EXPORT_URI_A_B_3'])
})

it('a command finds the context that tells the changes only when changes are told', () => {
  expect(exportEnvironment(place)).not.toHaveProperty('FLOE_EXPORT_SINCE')
  const told = exportEnvironment({ ...place, disks: [{ ...disk('vda'), sinceBitmap: 'floe-since-p' }] })
  expect(told).toMatchObject({ FLOE_EXPORT_SINCE: 'qemu:dirty-bitmap:floe-since-p' })
})

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

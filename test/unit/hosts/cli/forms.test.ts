import { expect, it } from 'vitest'
import { table } from '../../../../electron/hosts/cli/table.ts'
import { cli, FakeFloe, job, machine, point, Refusal } from './fake-floe.ts'

it('lists are one JSON array on one line', async () => {
  const floe = new FakeFloe()
  floe.machines = [machine('debianaaaaaa', 'debian')]
  floe.points = [point('pointaaaaaaa')]
  for (const verb of ['machines', 'destinations', 'jobs', 'points', 'restores']) {
    const { status, stdout } = await cli(floe, [verb, '--json'])
    expect(status).toBe(0)
    expect(stdout.match(/\n/g)).toHaveLength(1)
    expect(Array.isArray(JSON.parse(stdout))).toBe(true)
  }
})

it('a failing list still prints nothing but one JSON document', async () => {
  const floe = new FakeFloe()
  floe.answers['destinations.list'] = () => {
    throw new Refusal({ code: 'ipc/disconnected', message: 'The connection to Floe ended.' })
  }
  const result = await cli(floe, ['destinations', '--json'])
  expect(result).toMatchObject({ status: 2, stderr: '' })
  expect(result.json()).toMatchObject([{ problem: { code: 'ipc/disconnected' } }])
})

it('a home that cannot be opened is a problem like any other', async () => {
  const result = await cli(new FakeFloe(), ['points', '--home', 'h'], {
    openClient: (home) => Promise.reject(new Error(`cannot open ${home}`)),
  })
  expect(result.status).toBe(2)
  expect(result.stderr).toContain('cannot open /work dir/h')
})

it('`machine add` makes socket paths absolute and leaves HOST:PORT alone', async () => {
  const floe = new FakeFloe()
  floe.answers['machines.add'] = () => machine('debianaaaaaa', 'debian')
  await cli(floe, ['machine', 'add', '--qmp', 'vm/qmp.sock', '--agent', 'ga'])
  await cli(floe, ['machine', 'add', '--qmp', 'localhost:4444', '--name', 'x'])
  await cli(floe, ['machine', 'add', '--qmp', '[::1]:4444'])
  expect(floe.called('machines.add')).toEqual([
    { qmp: '/work dir/vm/qmp.sock', agent: '/work dir/ga', name: null },
    { qmp: 'localhost:4444', agent: null, name: 'x' },
    { qmp: '[::1]:4444', agent: null, name: null },
  ])
  expect((await cli(floe, ['machine', 'add', '--name', 'x'])).status).toBe(2)
})

it('names cannot play tricks on the terminal', async () => {
  const floe = new FakeFloe()
  floe.machines = [machine('debianaaaaaa', 'evil\u001b[2J\u009b\rname')]
  const { stdout } = await cli(floe, ['machines'])
  expect(stdout).toContain('evil')
  for (const trick of ['\u001b', '\u009b', '\r']) expect(stdout).not.toContain(trick)
  expect((await cli(floe, ['machines', '--json'])).stdout).toContain('\\u001b')
})

it('empty lists say what to do next', async () => {
  const floe = new FakeFloe()
  expect((await cli(floe, ['machines'])).stdout).toContain('floe machine add')
  expect((await cli(floe, ['destinations'])).stdout).toContain('floe destination add DIR')
  expect((await cli(floe, ['points'])).stdout).toContain('floe backup M')
  expect((await cli(floe, ['jobs'])).stdout).toBe('Nothing is running.\n')
})

it('one point is shown with everything it is worth', async () => {
  const floe = new FakeFloe()
  floe.points = [point('pointaaaaaaa')]
  const { stdout } = await cli(floe, ['point', 'pointa'])
  expect(stdout).toContain('Crash-consistent: It has no guest agent.')
  expect(stdout).toContain('vda.qcow2, 8.00 GB')
  expect(stdout).toContain('through a scratch image')
  expect((await cli(floe, ['point', 'pointa', '--json'])).json()).toEqual(floe.points)
})

it('points show how long a guest was frozen, and a point which file systems', async () => {
  const floe = new FakeFloe()
  const freeze = { heldMs: 84, confirmedAfterMs: 9, fileSystems: [{ mountpoint: '/', type: 'ext4' }] }
  floe.points = [point('pointaaaaaaa', { consistency: 'frozen', consistencyReason: null, freeze, pausedMs: 6.4 })]
  expect((await cli(floe, ['points'])).stdout).toContain('Frozen 84 ms')
  expect((await cli(floe, ['points', '--json'])).json()).toMatchObject([[{ freeze: { heldMs: 84 }, pausedMs: 6.4 }]])
  const { stdout } = await cli(floe, ['point', 'pointa'])
  expect(stdout).toContain('/ (ext4)')
  expect(stdout).not.toContain('only')
  expect(stdout).toContain('6 ms')
  floe.points = [point('pointaaaaaaa', { consistency: 'frozen', freeze: { ...freeze, partial: true } })]
  expect((await cli(floe, ['point', 'pointa'])).stdout).toContain('only / (ext4)')
})

it('an agent is asked at once, and its answer is the status', async () => {
  const floe = new FakeFloe()
  floe.machines = [machine('debianaaaaaa', 'debian')]
  floe.answers['machines.askAgent'] = () => ({ kind: 'ready', answeredAt: '', version: '7.2.22', canFreeze: true })
  const ready = await cli(floe, ['agent', 'debian'])
  expect(ready).toMatchObject({ status: 0 })
  expect(ready.stdout).toContain('The guest agent 7.2.22 of debian is ready.')
  floe.answers['machines.askAgent'] = () => ({ kind: 'none', options: '-device virtserialport' })
  const none = await cli(floe, ['agent', 'debian'])
  expect(none.status).toBe(3)
  expect(none.stdout).toContain('Start it with: -device virtserialport')
  expect((await cli(floe, ['agent', 'debian', '--json'])).json()).toMatchObject([{ agent: { kind: 'none' } }])
})

it('a thaw that is not confirmed fails with the words of the alarm', async () => {
  const floe = new FakeFloe()
  floe.machines = [machine('debianaaaaaa', 'debian')]
  floe.answers['machines.thaw'] = () => ({})
  expect(await cli(floe, ['thaw', 'debian'])).toMatchObject({ status: 0 })
  expect(floe.called('machines.thaw')).toEqual([{ machineId: 'debianaaaaaa' }])
  floe.answers['machines.thaw'] = () => {
    throw new Refusal({ code: 'agent/not-thawed', message: 'debian did not confirm that it is thawed.' })
  }
  expect(await cli(floe, ['thaw', 'debian'])).toMatchObject({ status: 3 })
})

it('jobs show what they do', async () => {
  const floe = new FakeFloe()
  floe.jobs = [
    job({ kind: 'copying' }),
    job({ kind: 'comparing' }, { id: 'jobccccccccc' as never, checked: { doneBytes: 2e9, totalBytes: 8e9 } }),
    job({ kind: 'paused', reason: 'no-space', neededBytes: null, freeBytes: null }, { id: 'jobbbbbbbbbb' as never }),
  ]
  const { stdout } = await cli(floe, ['jobs'])
  expect(stdout).toMatch(/backup to T7 {2}0 %/i)
  expect(stdout).toContain('Comparing 2.00 of 8.00 GB')
  expect(stdout).toContain('Backup paused: T7 is full')
})

it('doctor prints every finding with its fix, and fails when something is missing', async () => {
  const floe = new FakeFloe()
  const good = { id: 'a', title: 'A', result: 'ok', detail: 'there', fix: null }
  floe.answers['app.doctor'] = () => [good]
  expect(await cli(floe, ['doctor'])).toMatchObject({ status: 0, stdout: 'ok       A: there\n' })
  floe.answers['app.doctor'] = () => [good, { ...good, result: 'warning', detail: 'away' }]
  expect(await cli(floe, ['doctor'])).toMatchObject({ status: 0 })
  floe.answers['app.doctor'] = () => [good, { ...good, result: 'failed', detail: 'gone', fix: 'Install it.' }]
  const failing = await cli(floe, ['doctor'])
  expect(failing.status).toBe(2)
  expect(failing.stdout).toContain('FAILED   A: gone\n         Install it.')
})

it('serve prints the address, serves until it is told to stop, and ends well', async () => {
  const controller = new AbortController()
  const steps: string[] = []
  const serve = async (request: { port: number | null; open: boolean }) => {
    steps.push(`serve ${request.port} ${request.open}`)
    setImmediate(() => controller.abort())
    return {
      url: 'http://127.0.0.1:8123/?ticket=t',
      close: async () => {
        steps.push('close')
      },
    }
  }
  const result = await cli(new FakeFloe(), ['serve', '--port', '8123', '--json'], { serve, signal: controller.signal })
  expect(result).toMatchObject({ status: 0, stdout: '{"url":"http://127.0.0.1:8123/?ticket=t"}\n' })
  expect(steps).toEqual(['serve 8123 false', 'close'])
  expect((await cli(new FakeFloe(), ['serve', '--port', 'x'], { serve })).status).toBe(2)
})

it('tables align, also with wide characters of one cell each, and are nothing without rows', () => {
  expect(
    table(
      ['A', 'B'],
      [
        ['long', 'x'],
        ['é', ''],
      ],
    ),
  ).toEqual(['A     B', 'long  x', 'é'])
  expect(table(['A'], [])).toEqual([])
})

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { defaultSettings } from '../../../../shared/domain/settings.ts'
import { cli, destination, done, type FakeFloe, floeWith, point, Refusal } from './fake-floe.ts'

const asks = { input: true, output: false, columns: 200 }

function pruningFloe(): FakeFloe {
  const floe = floeWith([done])
  floe.answers['points.prunePreview'] = () => ({
    keep: [{ pointId: 'pointaaaaaaa', rules: ['last', 'last-good'] }],
    remove: [{ pointId: 'pointbbbbbbb', reason: 'Newer points of the same day are kept.', dependents: [] }],
    freedBytes: 1_200_000_000,
    movedBytes: 0,
  })
  return floe
}

it('prune shows what stays with its rules and what goes with its reason, and removes just that', async () => {
  const floe = pruningFloe()
  const { status, stdout } = await cli(floe, ['prune', 'debian', '--keep-last', '1', '--keep-daily', '7', '--yes'])
  expect(status).toBe(0)
  expect(stdout).toMatch(/Keep 1 restore point of debian on T7:\n.*pointaaaaaaa .* last, last good\n/s)
  expect(stdout).toMatch(/Remove 1:\n.*pointbbbbbbb .* Newer points of the same day are kept\.\n/s)
  expect(stdout).toContain('Removed 1 restore point: 2.00 GB freed.')
  const request = {
    machineId: 'debianaaaaaa',
    destinationId: 't7aaaaaaaaaa',
    policy: { last: 1, daily: 7, weekly: 0, monthly: 0, yearly: 0 },
  }
  expect(floe.called('points.prunePreview')).toEqual([request])
  expect(floe.called('points.prune')).toEqual([{ ...request, expected: ['pointbbbbbbb'] }])
})

it('prune --json is the preview, then the end', async () => {
  const events = (await cli(pruningFloe(), ['prune', 'debian', '--keep-last', '1', '--yes', '--json'])).json()
  expect(events[0]).toMatchObject({
    event: 'preview',
    machineId: 'debianaaaaaa',
    destinationId: 't7aaaaaaaaaa',
    policy: { last: 1 },
    keep: [{ pointId: 'pointaaaaaaa', rules: ['last', 'last-good'] }],
    remove: [{ pointId: 'pointbbbbbbb' }],
    freedBytes: 1_200_000_000,
  })
  expect(events.at(-1)).toMatchObject({ event: 'finished', deleted: ['pointbbbbbbb'], freedBytes: 2_000_000_000 })
})

it('prune --dry-run needs nobody to ask and removes nothing', async () => {
  const floe = pruningFloe()
  const { status, stdout } = await cli(floe, ['prune', 'debian', '--keep-last', '1', '--dry-run'])
  expect(status).toBe(0)
  expect(stdout).toContain('1.20 GB would be freed.')
  expect((await cli(floe, ['prune', 'debian', '--keep-last', '1', '--dry-run', '--json'])).json()).toMatchObject([
    { event: 'preview' },
  ])
  expect(floe.called('points.prune')).toEqual([])
})

/** Removes points on a chain: data of theirs moves into kept ones first. */
function movingFloe(count: number): FakeFloe {
  const floe = pruningFloe()
  const gone = ['pointbbbbbbb', 'pointccccccc', 'pointddddddd'].slice(0, count)
  floe.answers['points.prunePreview'] = () => ({
    keep: [{ pointId: 'pointaaaaaaa', rules: ['last', 'last-good'] }],
    remove: gone.map((pointId) => ({ pointId, reason: 'No rule keeps it.', dependents: ['pointaaaaaaa'] })),
    freedBytes: 1_200_000_000,
    movedBytes: 30_000_000_000,
  })
  return floe
}

it.each([
  [1, 'pointbbbbbbb is needed by a later point; its data moves into pointaaaaaaa first.\n'],
  [3, '3 of them are needed by later points; their data moves into pointaaaaaaa first.\n'],
])(
  'prune of %i says what has to be moved, with --dry-run, before the question and with --yes',
  async (count, words) => {
    const moved = 'For that 30.0 GB are written first, which takes about 5 minutes.\n'
    const args = ['prune', 'debian', '--keep-last', '1']
    for (const more of ['--dry-run', '--yes']) {
      const { status, stdout } = await cli(movingFloe(count), [...args, more])
      expect(status).toBe(0)
      expect(stdout).toContain(words)
      expect(stdout).toContain(moved)
    }
    const floe = movingFloe(count)
    const refused = await cli(floe, args, { terminal: asks, ask: async () => 'n' })
    expect(refused.status).toBe(130)
    expect(refused.stdout).toContain(moved)
    const events = (await cli(movingFloe(count), [...args, '--dry-run', '--json'])).json()
    expect(events).toMatchObject([
      { movedBytes: 30_000_000_000, remove: Array.from({ length: count }, () => ({ dependents: ['pointaaaaaaa'] })) },
    ])
    expect((await cli(pruningFloe(), [...args, '--dry-run'])).stdout).not.toMatch(/written|moves/)
  },
)

it('prune asks on a terminal and takes no for an answer; where nobody can be asked it wants --yes first of all', async () => {
  for (const [answer, status, started] of [
    ['n', 130, 0],
    ['', 130, 0],
    ['y', 0, 1],
  ] as const) {
    const floe = pruningFloe()
    const questions: string[] = []
    const ask = async (question: string) => {
      questions.push(question)
      return answer
    }
    expect(await cli(floe, ['prune', 'debian', '--keep-last', '1'], { terminal: asks, ask })).toMatchObject({ status })
    expect(questions).toEqual(["Remove 1 restore point, 1.20 GB? This can't be undone. [y/N] "])
    expect(floe.called('points.prune')).toHaveLength(started)
  }
  const floe = pruningFloe()
  const refused = await cli(floe, ['prune', 'debian', '--keep-last', '1'])
  expect(refused.status).toBe(2)
  expect(refused.stderr).toContain('--yes')
  expect(floe.called('points.prunePreview')).toEqual([])
})

it('a question plays no tricks on the terminal either', async () => {
  const floe = floeWith([])
  floe.answers['restore.preflight'] = () => ({ ok: true, checks: [], disks: [], neededBytes: 0 })
  floe.points = [point('pointaaaaaaa', { machineName: 'evil\u001b[2J' })]
  const asked: string[] = []
  const ask = async (question: string) => `${asked.push(question)}`
  await cli(floe, ['restore', 'pointa', '--swap'], { terminal: asks, ask })
  expect(asked[0]).toContain('evil')
  expect(asked[0]).not.toContain('\u001b')
})

it('prune with nothing to remove is done without a question', async () => {
  const floe = pruningFloe()
  const keep = [{ pointId: 'pointaaaaaaa', rules: ['last'] }]
  floe.answers['points.prunePreview'] = () => ({ keep, remove: [], freedBytes: 0, movedBytes: 0 })
  const { status, stdout } = await cli(floe, ['prune', 'debian', '--keep-last', '1'], { terminal: asks })
  expect(status).toBe(0)
  expect(stdout).toContain('Nothing is to be removed.')
  expect((await cli(floe, ['prune', 'debian', '--keep-last', '1', '--yes', '--json'])).json().at(-1)).toMatchObject({
    event: 'finished',
    deleted: [],
    freedBytes: 0,
  })
  expect(floe.called('points.prune')).toEqual([])
})

it("prune takes the machine's saved numbers when none are given, and says what to give when none are saved", async () => {
  const floe = pruningFloe()
  const without = await cli(floe, ['prune', 'debian', '--yes'])
  expect(without.status).toBe(2)
  expect(without.stderr).toMatch(/How many .* debian .* --keep-last/)
  const none = { last: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 }
  floe.settings = { ...defaultSettings, retentionByMachine: { debianaaaaaa: none } }
  expect(await cli(floe, ['prune', 'debian', '--yes'])).toMatchObject({ status: 2 })
  const saved = { last: 6, daily: 7, weekly: 4, monthly: 6, yearly: 0 }
  floe.settings = { ...defaultSettings, retentionByMachine: { debianaaaaaa: saved } }
  expect(await cli(floe, ['prune', 'debian', '--yes'])).toMatchObject({ status: 0 })
  expect(floe.called('points.prune')).toMatchObject([{ policy: saved }])
  await cli(floe, ['prune', 'debian', '--keep-yearly', '2', '--yes'])
  expect(floe.called('points.prune').at(-1)).toMatchObject({
    policy: { last: 0, daily: 0, weekly: 0, monthly: 0, yearly: 2 },
  })
})

it('the numbers reach the core as typed, and only what was shown is expected to go', async () => {
  const count = fc.option(fc.integer({ min: 0, max: 10_000 }), { nil: null })
  const parts = fc.record({ last: count, daily: count, weekly: count, monthly: count, yearly: count })
  const ids = fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{12}$/), { minLength: 1, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(parts, ids, async (wished, removed) => {
      fc.pre(Object.values(wished).some((number) => number !== null && number > 0))
      const floe = pruningFloe()
      const remove = removed.map((pointId) => ({ pointId, reason: 'No rule keeps it.', dependents: [] }))
      floe.answers['points.prunePreview'] = () => ({ keep: [], remove, freedBytes: 1, movedBytes: 0 })
      const given = Object.entries(wished).flatMap(([part, number]) =>
        number === null ? [] : [`--keep-${part}`, `${number}`],
      )
      expect(await cli(floe, ['prune', 'debian', '--yes', ...given])).toMatchObject({ status: 0 })
      const policy = Object.fromEntries(Object.entries(wished).map(([part, number]) => [part, number ?? 0]))
      expect(floe.called('points.prune')).toMatchObject([{ policy, expected: removed }])
    }),
    { numRuns: 50 },
  )
})

it.each([
  [['--keep-last', 'x'], /"x" is not a number of restore points/],
  [['--keep-daily', '-1'], /keep-daily/],
  [['--keep-daily=-1'], /"-1" is not a number/],
  [['--keep-weekly', '1.5'], /"1.5"/],
  [['--keep-weekly', '10001'], /"10001"/],
  [['--keep-monthly', ''], /"" is not a number/],
  [['--keep-last', '0'], /would keep none/],
])('prune %j is refused with status 2', async (options, words) => {
  const floe = pruningFloe()
  const result = await cli(floe, ['prune', 'debian', '--yes', ...options])
  expect(result.status).toBe(2)
  expect(result.stderr).toMatch(words)
  expect(floe.called('points.prunePreview')).toEqual([])
})

it('prune of a machine with points on several destinations wants to know which, unless one is its own', async () => {
  const floe = pruningFloe()
  floe.destinations = [destination('t7aaaaaaaaaa', 'T7'), destination('nasaaaaaaaaa', 'NAS')]
  floe.points = [...floe.points, point('pointccccccc', { destinationId: 'nasaaaaaaaaa' as never })]
  const args = ['prune', 'debian', '--keep-last', '1', '--yes']
  const result = await cli(floe, args)
  expect(result.status).toBe(4)
  expect(result.stderr).toContain('--to D')
  await cli(floe, [...args, '--to', 'NAS'])
  expect(floe.called('points.prune')).toMatchObject([{ destinationId: 'nasaaaaaaaaa' }])
  floe.settings = { ...defaultSettings, destinationByMachine: { debianaaaaaa: 't7aaaaaaaaaa' } }
  await cli(floe, args)
  expect(floe.called('points.prune').at(-1)).toMatchObject({ destinationId: 't7aaaaaaaaaa' })
})

it('prune that finds other points than it showed fails and says so', async () => {
  const floe = pruningFloe()
  floe.answers['points.prune'] = () => {
    throw new Refusal({ code: 'point/plan-changed', message: 'The restore points have changed.' })
  }
  expect(await cli(floe, ['prune', 'debian', '--keep-last', '1', '--yes'])).toMatchObject({
    status: 6,
    stderr: 'floe: The restore points have changed.\n',
  })
})

it('a point is pinned and unpinned by any of its names', async () => {
  const floe = floeWith([])
  floe.answers['points.pin'] = ({ pointId, pinned }) => point(String(pointId), { pinned: pinned as boolean })
  const pinned = await cli(floe, ['pin', 'pointa'])
  expect(pinned).toMatchObject({ status: 0 })
  expect(pinned.stdout).toContain('Pinned pointaaaaaaa')
  expect((await cli(floe, ['unpin', '2026-11-21T11:00:00.000Z', '--json'])).json()).toMatchObject([{ pinned: false }])
  expect(floe.called('points.pin')).toEqual([
    { pointId: 'pointaaaaaaa', pinned: true },
    { pointId: 'pointbbbbbbb', pinned: false },
  ])
})

const ranges = Array.from({ length: 25 }, (_, index) => ({ offset: index * 1_048_576, length: 65_536 }))
const difference = {
  disks: [
    { diskId: 'vda', change: 'changed', bytes: 1_638_400, ranges },
    { diskId: 'vdb', change: 'same', bytes: 0, ranges: [] },
    { diskId: 'vdc', change: 'added', bytes: 8_000_000_000, ranges: [] },
  ],
}

it('diff shows for each disk what differs, at most twenty ranges of it, and --json all', async () => {
  const floe = floeWith([])
  floe.answers['points.diff'] = () => difference
  const { status, stdout } = await cli(floe, ['diff', 'pointb', 'pointa'])
  expect(status).toBe(0)
  expect(floe.called('points.diff')).toEqual([{ from: 'pointbbbbbbb', to: 'pointaaaaaaa' }])
  expect(stdout).toContain('vda: 1.64 MB differ, in 25 ranges\n')
  expect(stdout).toMatch(/OFFSET +LENGTH\n/)
  expect(stdout).toContain(' 19922944   65536\n  … and 5 more\n')
  expect(stdout).not.toContain('20971520')
  expect(stdout).toContain('vdb: the same\n')
  expect(stdout).toContain('vdc: only in the second, 8.00 GB\n')
  expect((await cli(floe, ['diff', 'pointb', 'pointa', '--json'])).json()).toEqual([
    { from: 'pointbbbbbbb', to: 'pointaaaaaaa', ...difference },
  ])
})

it('diff never shows more than twenty ranges of a disk, and counts the rest', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 60 }), async (count) => {
      const floe = floeWith([])
      const some = Array.from({ length: count }, (_, index) => ({ offset: index * 131_072, length: 65_536 }))
      floe.answers['points.diff'] = () => ({ disks: [{ ...difference.disks[0], ranges: some }] })
      const lines = (await cli(floe, ['diff', 'pointb', 'pointa'])).stdout.split('\n')
      expect(lines.filter((line) => /^ +\d+ +65536$/.test(line))).toHaveLength(Math.min(20, count))
      expect(lines.some((line) => line.includes('more'))).toBe(count > 20)
    }),
    { numRuns: 30 },
  )
})

it('points that cannot be compared are a problem of theirs', async () => {
  const floe = floeWith([])
  floe.answers['points.diff'] = () => {
    throw new Refusal({ code: 'point/not-comparable', message: 'They are of different machines.' })
  }
  expect(await cli(floe, ['diff', 'pointa', 'pointb'])).toMatchObject({ status: 6 })
  expect(await cli(floe, ['diff', 'pointa'])).toMatchObject({ status: 2 })
})

const preview = {
  points: [{ pointId: 'pointbbbbbbb', guards: ['pinned', 'last-verified'], dependents: ['pointaaaaaaa'] }],
  freedBytes: 300_000_000,
  movedBytes: 1_700_000_000,
}

it('delete asks with what is really freed and what later points still need', async () => {
  const floe = floeWith([done])
  floe.answers['points.deletePreview'] = () => ({ ...preview, points: [{ ...preview.points[0], guards: [] }] })
  const asked: string[] = []
  const ask = async (question: string) => {
    asked.push(question)
    return 'y'
  }
  const { status, stderr } = await cli(floe, ['delete', 'pointb'], { terminal: asks, ask })
  expect(status).toBe(0)
  expect(stderr).toContain('1 later point lies over it; its data moves into pointaaaaaaa first')
  expect(stderr).toContain('1.70 GB')
  expect(asked).toEqual(["Delete this restore point, 300 MB? This can't be undone. [y/N] "])
  expect(floe.called('points.delete')).toEqual([{ pointIds: ['pointbbbbbbb'], evenProtected: [] }])
})

it('delete refuses a protected point, with the reason, unless it is told --even-protected', async () => {
  const floe = floeWith([done])
  floe.answers['points.deletePreview'] = () => preview
  const refused = await cli(floe, ['delete', 'pointb', '--yes'])
  expect(refused.status).toBe(6)
  expect(refused.stderr).toContain('pointbbbbbbb')
  expect(refused.stderr).toMatch(/pinned.*last .*verified/)
  expect(refused.stderr).toContain('--even-protected')
  expect((await cli(floe, ['delete', 'pointb', '--yes', '--json'])).json()).toMatchObject([
    { event: 'failed', problem: { code: 'point/protected' } },
  ])
  expect(floe.called('points.delete')).toEqual([])
  expect(await cli(floe, ['delete', 'pointb', '--yes', '--even-protected'])).toMatchObject({ status: 0 })
  expect(floe.called('points.delete')).toEqual([{ pointIds: ['pointbbbbbbb'], evenProtected: ['pointbbbbbbb'] }])
})

it('--even-protected is no yes: the question names the protection', async () => {
  const floe = floeWith([done])
  floe.answers['points.deletePreview'] = () => preview
  expect(await cli(floe, ['delete', 'pointb', '--even-protected'])).toMatchObject({ status: 2 })
  const ask = async () => 'n'
  const { status, stderr } = await cli(floe, ['delete', 'pointb', '--even-protected'], { terminal: asks, ask })
  expect(status).toBe(130)
  expect(stderr).toMatch(/pinned/)
  expect(floe.called('points.delete')).toEqual([])
})

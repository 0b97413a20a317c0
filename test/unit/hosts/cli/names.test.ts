import fc from 'fast-check'
import { expect, it } from 'vitest'
import { find, type Search } from '../../../../electron/hosts/cli/find.ts'
import { CommandFailed } from '../../../../electron/hosts/cli/problem.ts'
import { cli, FakeFloe, job, machine, point } from './fake-floe.ts'

interface Thing {
  readonly id: string
  readonly name: string
}

function searchOf(items: readonly Thing[]): Search<Thing> {
  return {
    noun: 'machine',
    items,
    namesOf: (item) => [item.name],
    describe: (item) => item.name,
    unknown: 'machine/unknown',
    ambiguous: 'machine/ambiguous',
    list: 'machines',
  }
}

const id = fc.string({ unit: fc.constantFrom('a', 'b', '1'), minLength: 12, maxLength: 12 })

it('whatever is found is the only thing with that id, name or beginning', () => {
  const things = fc.uniqueArray(fc.record({ id, name: fc.constantFrom('a', 'ab', 'web', 'db') }), {
    selector: (thing) => thing.id,
  })
  fc.assert(
    fc.property(things, fc.oneof(id, fc.constantFrom('a', 'ab', 'b1', 'web', '', 'x')), (items, text) => {
      const withId = items.filter((item) => item.id === text)
      const named = items.filter((item) => item.name === text)
      const begun = items.filter((item) => text !== '' && item.id.startsWith(text))
      const fitting = [withId, named, begun].find((some) => some.length > 0) ?? []
      try {
        const found = find(searchOf(items), text)
        expect(fitting).toEqual([found])
      } catch (error) {
        expect(error).toBeInstanceOf(CommandFailed)
        const { code } = (error as CommandFailed).problem
        expect(code).toBe(fitting.length === 0 ? 'machine/unknown' : 'machine/ambiguous')
      }
    }),
  )
})

it('two machines of one name are refused with both candidates and status 3', async () => {
  const floe = new FakeFloe()
  floe.machines = [machine('aaaaaaaaaaaa', 'web'), machine('bbbbbbbbbbbb', 'web')]
  const result = await cli(floe, ['backup', 'web', '--json'])
  expect(result.status).toBe(3)
  const [event] = result.json()
  expect(event).toMatchObject({ event: 'failed', problem: { code: 'machine/ambiguous' } })
  expect(JSON.stringify(event)).toContain('aaaaaaaaaaaa')
  expect(JSON.stringify(event)).toContain('bbbbbbbbbbbb')
  expect(floe.called('backup.start')).toEqual([])
})

it('machines are looked for anew before one is taken by name', async () => {
  const floe = new FakeFloe()
  floe.answers['machines.refresh'] = () => {
    floe.machines = [machine('aaaaaaaaaaaa', 'fresh')]
    return { processesChecked: 1, foldersChecked: [], found: 1 }
  }
  floe.answers['machines.remove'] = () => ({})
  expect((await cli(floe, ['machine', 'remove', 'fresh'])).status).toBe(0)
  expect(floe.called('machines.remove')).toEqual([{ machineId: 'aaaaaaaaaaaa' }])
})

it("a machine's name stands for its only unfinished job", async () => {
  const floe = new FakeFloe()
  floe.jobs = [job({ kind: 'copying' }, { id: 'jobbbbbbbbbb' as never }), job({ kind: 'done' })]
  floe.answers['jobs.pause'] = () => ({})
  expect((await cli(floe, ['pause', 'debian'])).status).toBe(0)
  expect(floe.called('jobs.pause')).toEqual([{ jobId: 'jobbbbbbbbbb' }])
})

it('points of a machine that is only remembered by its points are listed by its name', async () => {
  const floe = new FakeFloe()
  floe.points = [point('pointaaaaaaa')]
  expect((await cli(floe, ['points', 'debian', '--json'])).json()).toMatchObject([[{ id: 'pointaaaaaaa' }]])
  expect(floe.called('points.list').at(-1)).toEqual({ machineId: 'debianaaaaaa' })
  expect((await cli(floe, ['points', 'nobody'])).status).toBe(3)
})

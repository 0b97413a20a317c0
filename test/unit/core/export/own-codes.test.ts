import { expect, it } from 'vitest'
import { FloeError, toProblem } from '../../../../electron/core/errors.ts'
import { withOwnCode } from '../../../../electron/core/export/own-codes.ts'
import { chooseDisks } from '../../../../electron/core/machines/choose-disks.ts'
import { type ProblemCode, problemTable } from '../../../../shared/errors/codes.ts'
import { describeProblem } from '../../../../shared/text/problems.ts'

const exportCodes = (Object.keys(problemTable) as ProblemCode[]).filter((code) => code.startsWith('export/'))

it.each(exportCodes)('%s is told without a word about backups', (code) => {
  for (const before of [true, false]) {
    const problem = toProblem(new FloeError(code, 'A finished sentence.', { params: { before } }))
    const { title, body, actions } = describeProblem(problem, { machine: 'debian', firstFull: true })
    const said = [title, body, ...actions.map(({ label }) => label)].join(' ')
    expect(said).not.toMatch(/back|copy was|restore point/i)
  }
})

it('what the parts shared with backups refuse is a problem of the export, with the same facts', () => {
  const cause = new Error('from QEMU')
  const own = withOwnCode(
    new FloeError('backup/freeze-required', 'Not frozen.', { params: { machine: 'debian' }, remedy: 'Wait.', cause }),
  )
  expect(own).toMatchObject({
    code: 'export/freeze-required',
    message: 'Not frozen.',
    params: { machine: 'debian' },
    remedy: 'Wait.',
    cause,
  })
})

it('other errors stay what they are', () => {
  const off = new FloeError('machine/off', 'It is off.')
  const foreign = new Error('something else')
  expect(withOwnCode(off)).toBe(off)
  expect(withOwnCode(foreign)).toBe(foreign)
})

it('a machine without disks has none to export', () => {
  const choose = () => {
    try {
      return chooseDisks({ inventory: [], wanted: null, machineName: 'debian' })
    } catch (error) {
      return withOwnCode(error)
    }
  }
  const problem = toProblem(choose())
  expect(problem).toMatchObject({ code: 'export/no-disks', message: 'debian has no disk that Floe can copy.' })
  expect(describeProblem(problem).title).toBe('debian has no disk to export')
})

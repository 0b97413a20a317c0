import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ProblemCode, problemTable } from '../../../../shared/errors/codes.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import { describeProblem, problemDetails } from '../../../../shared/text/problems.ts'

const codes = Object.keys(problemTable) as ProblemCode[]

function problem(code: ProblemCode, more: Partial<Problem> = {}): Problem {
  return { code, message: 'A finished sentence.', params: {}, severity: 'error', remedy: null, causes: [], ...more }
}

describe.each(codes)('%s', (code) => {
  test('has a title of at most 60 characters, a body of whole sentences and a button', () => {
    const text = describeProblem(problem(code))
    expect(text.title.length).toBeLessThanOrEqual(60)
    expect(text.title).not.toContain(code)
    expect(text.body).toMatch(/[.”]$/)
    expect(text.actions.length).toBeGreaterThan(0)
    expect(text.actions.filter((action) => action.primary)).toHaveLength(1)
    expect(`${text.title} ${text.body}`).not.toMatch(/undefined|null|An error occurred|Unknown/)
  })

  test('keeps its title short whatever the names are', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 120 }), (name) => {
        const params = { machine: name, destination: name, disk: name, tool: name, feature: name, needed: '8.2' }
        expect(describeProblem(problem(code, { params })).title.length).toBeLessThanOrEqual(60)
      }),
      { numRuns: 30 },
    )
  })
})

test('a busy socket names the program that holds it', () => {
  const text = describeProblem(problem('machine/busy', { params: { program: 'virsh', pid: 4121 } }), {
    machine: 'debian-dev',
  })
  expect(text.title).toBe('debian-dev is busy with another program')
  expect(text.body).toBe(
    'virsh (pid 4121) uses its QMP socket, and QEMU talks to one program at a time. Close it, or give Floe its own socket.',
  )
  expect(text.actions.map((action) => action.label)).toEqual(['Copy Socket Option', 'Try Again'])
})

test('a machine that stopped says what happens next', () => {
  const text = describeProblem(
    problem('backup/machine-gone', { params: { pid: 77, doneBytes: 4_030_000_000, partialRemoved: true } }),
    {
      machine: 'debian-dev',
      firstFull: true,
      locale: 'en-GB',
    },
  )
  expect(text.body).toBe(
    'QEMU (pid 77) ended after 4.03\u00a0GB. The unfinished copy was removed. Other restore points aren’t affected. The next backup starts from the beginning.',
  )
})

test('space before a backup is said with both numbers', () => {
  const params = { needBytes: 38_400_000_000, freeBytes: 12_000_000 }
  expect(
    describeProblem(problem('destination/no-space-before', { params }), { destination: 'Samsung T7', locale: 'en-GB' }),
  ).toMatchObject({
    title: 'Not enough space on Samsung T7',
    body: 'This backup needs about 38.4\u00a0GB; 12.0\u00a0MB is free.',
  })
})

test('details keep the code and every cause', () => {
  expect(problemDetails(problem('machine/silent', { causes: ['ETIMEDOUT'] }))).toBe(
    'code: machine/silent\nA finished sentence.\ncause: ETIMEDOUT',
  )
})

test('a guest that could not write is not blamed on the destination', () => {
  const text = describeProblem(
    problem('backup/write-error', { params: { machine: 'debian-dev', destination: 'Samsung T7', guestWrite: true } }),
  )
  expect(text.title).toBe('debian-dev couldn’t write during the backup')
})

test('a swap that could not be taken back is never called undone', () => {
  const text = describeProblem(
    problem('restore/rename-failed', { params: { file: '/a', rolledBack: false }, message: 'Disk 2 is half done.' }),
  )
  expect(text.title).toBe('The swap stopped halfway')
  expect(text.body).not.toContain('as before')
})

test('no destination chosen is not the same as no destination', () => {
  const none = describeProblem(problem('destination/none', { params: { count: 0 } }))
  const several = describeProblem(problem('destination/none', { params: { count: 2 } }))
  expect(none.title).toBe('There is no destination yet')
  expect(several.title).toBe('Which destination should hold this backup?')
  expect(several.actions.map((action) => action.kind)).toEqual(['choose-destination'])
})

test('a destination in use may be in use by a job of this Floe: whose it is, its own words say', () => {
  const message = 'The destination "Samsung T7" is being used by a job.'
  const remedy = 'Wait for the job to end, or cancel it.'
  const text = describeProblem(problem('destination/in-use', { message, remedy, params: { name: 'Samsung T7' } }))
  expect(text).toMatchObject({ title: 'Samsung T7 is in use', body: `${message} ${remedy}` })
})

test('sudo is named where root owns the socket, and a number without a name is called a user', () => {
  const bodyFor = (user: string | null) => describeProblem(problem('machine/no-permission', { params: { user } })).body
  expect(bodyFor('root')).toMatch(/^Its socket belongs to root, because the machine was started with sudo\. Run/)
  expect(bodyFor('libvirt-qemu')).toMatch(/^Its socket belongs to libvirt-qemu\. Run/)
  expect(bodyFor('501')).toMatch(/^Its socket belongs to user 501\. Run/)
  expect(bodyFor(null)).toMatch(/^Its socket belongs to another user\. Run/)
})

test('who lacks a socket is told to make its folder first: QEMU does not start without it', () => {
  for (const code of ['machine/no-socket', 'machine/speaks-hmp'] as const) {
    expect(describeProblem(problem(code)).body).toContain('Create the folder ~/.qmp, then add the option below')
  }
})

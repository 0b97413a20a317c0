import { describe, expect, test } from 'vitest'
import type { Problem } from '../../../../shared/errors/problem.ts'
import { describeProblem } from '../../../../shared/text/problems.ts'

const problem = (code: Problem['code'], params: Problem['params'] = {}): Problem => ({
  code,
  message: 'A finished sentence.',
  params,
  severity: 'error',
  remedy: null,
  causes: [],
})

describe('a problem that may pass', () => {
  const kinds = (code: Problem['code'], canWait: boolean) =>
    describeProblem(problem(code), { canWait }).actions.map((action) => action.kind)

  test.each(['machine/busy', 'destination/missing', 'destination/other-disk', 'destination/locked'] as const)(
    '%s offers to wait only where there is a backup that can',
    (code) => {
      expect(kinds(code, true)).toContain('start-when-done')
      expect(kinds(code, false)).not.toContain('start-when-done')
    },
  )

  test('says how long a thaw is missing and where to read about it', () => {
    const text = describeProblem(problem('agent/not-thawed', { waitedMs: 12_000 }), { machine: 'debian-dev' })
    expect(text.body).toBe(
      'The guest hasn’t confirmed the thaw for 12 seconds. Programs in it can hang until then. Floe keeps trying.',
    )
    expect(text.actions.map((action) => action.label)).toEqual(['Show Log', 'Thaw Now'])
  })

  test('names the limit after which freezing was undone', () => {
    expect(describeProblem(problem('agent/too-slow', { waitedMs: 10_000 })).title).toBe(
      'Freezing was undone after 10 seconds',
    )
  })

  test('sends to the Mac’s privacy settings only where they are the cause', () => {
    expect(describeProblem(problem('destination/no-permission', { privacy: true })).actions[0]?.kind).toBe(
      'open-privacy-settings',
    )
    expect(describeProblem(problem('destination/no-permission', { privacy: false })).actions[0]?.kind).toBe(
      'choose-destination',
    )
  })
})

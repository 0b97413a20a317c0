import { expect, it } from 'vitest'
import { FreezeCause, JobInstant } from '../../../shared/domain/job.ts'

const instant = { consistency: 'crash-consistent', freeze: null, reason: 'The guest was not frozen.', pausedMs: null }

it('why a guest was not frozen is kept, and what an other version calls it counts as not told', () => {
  for (const cause of [...FreezeCause.options, null])
    expect(JobInstant.parse({ ...instant, cause })).toMatchObject({ cause })
  for (const cause of ['moon-phase', undefined]) {
    expect(JobInstant.parse({ ...instant, cause })).toEqual({ ...instant, cause: null })
  }
})

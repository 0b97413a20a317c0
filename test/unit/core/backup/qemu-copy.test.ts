import { expect, it } from 'vitest'
import type { BackupPlan } from '../../../../electron/core/backup/plan.ts'
import { pauseCopies, resumeCopies } from '../../../../electron/core/backup/qemu-copy.ts'
import type { QmpSession } from '../../../../electron/core/qmp/types.ts'

const plan = { disks: [{ jobName: 'j' }] } as unknown as BackupPlan

/** A QEMU whose job somebody else pauses or resumes right after it was looked at. */
function meddled(paused: readonly boolean[]) {
  let looks = 0
  const execute = async (command: string) => {
    if (command === 'query-block-jobs') {
      const now = paused[Math.min(looks, paused.length - 1)]
      looks += 1
      return [{ device: 'j', status: now ? 'paused' : 'running', paused: now }]
    }
    if (command === 'query-jobs') return [{ id: 'j', status: 'running' }]
    throw new Error(`${command} is refused.`)
  }
  return { execute } as unknown as QmpSession
}

it('takes what somebody else did just before for done', async () => {
  await pauseCopies(meddled([false, true]), plan)
  await resumeCopies(meddled([true, false]), plan)
})

it('tells a refusal that has another reason', async () => {
  await expect(pauseCopies(meddled([false]), plan)).rejects.toThrow('job-pause is refused.')
  await expect(resumeCopies(meddled([true]), plan)).rejects.toThrow('job-resume is refused.')
})

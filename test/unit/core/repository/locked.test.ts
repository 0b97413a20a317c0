import { expect, it } from 'vitest'
import { toProblem } from '../../../../electron/core/errors.ts'
import { destinationErrors, destinationFailure } from '../../../../electron/core/repository/failures.ts'
import { surveyDestination } from '../../../../electron/core/repository/survey.ts'
import { describeProblem } from '../../../../shared/text/problems.ts'
import { repositoryPorts } from '../../../support/repository.ts'

const place = { id: 'a', name: 'Drive', path: '/Volumes/Backup Drive/Floe Backups', lastSeenAt: null }
const { platform } = repositoryPorts()

it('a destination whose drive waits for its password is locked, not absent', async () => {
  const locked = await surveyDestination(place, { ...platform, lockedVolumes: async () => ['Other', 'Backup Drive'] })
  expect(locked.state).toEqual({ kind: 'locked' })
  expect(locked.obstacle?.code).toBe('destination/locked')
})

it('a drive that is not there at all is absent, also when nobody can tell about locks', async () => {
  for (const lockedVolumes of [async () => ['Other'], () => Promise.reject(new Error('no diskutil'))]) {
    const survey = await surveyDestination(place, { ...platform, lockedVolumes })
    expect(survey.state.kind).toBe('absent')
    expect(survey.obstacle?.code).toBe('destination/missing')
  }
})

it('what the Mac’s protection of privacy refuses is told apart from the folder’s own permissions', () => {
  const system = (code: string) => Object.assign(new Error(code), { code })
  const refused = destinationErrors.noPermission(place, system('EPERM'), 'darwin')
  expect(refused.message).toContain('macOS does not let Floe use')
  expect(refused.remedy).toContain('Removable Volumes')
  expect(refused.params.privacy).toBe(true)
  expect(destinationErrors.noPermission(place, system('EACCES'), 'darwin').params.privacy).toBe(false)
  expect(destinationErrors.noPermission(place, system('EPERM'), 'linux').params.privacy).toBe(false)
})

it('an error of the drive is told as what it is, whatever was being done there', () => {
  const cause = Object.assign(new Error('EIO: i/o error, unlink'), { code: 'EIO' })
  const problem = toProblem(destinationFailure(cause, place))
  expect(problem).toMatchObject({ code: 'destination/failed', causes: ['EIO: i/o error, unlink'] })
  const { title, body } = describeProblem(problem)
  expect(title).toBe('Drive reported an error')
  expect(body).toBe(
    'The destination "Drive" reported an error: EIO: i/o error, unlink. The drive or its cable may be failing: check them before you try again.',
  )
})

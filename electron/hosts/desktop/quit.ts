// Quitting in two stages: first whoever has a reason may keep the app from it (a running job asks the person), then
// everything that must end is waited for, eight seconds at most. Jobs inside QEMU survive either way.
import { setTimeout as wait } from 'node:timers/promises'
import { app, dialog, powerMonitor } from 'electron'
import { isFinal, type Job } from '../../../shared/domain/job.ts'
import type { HomeSession } from '../../core/control/home-session.ts'
import type { Logger } from '../../core/ports/index.ts'
import type { Followed } from './follow-topic.ts'
import { isFrozen, unfinishedJobs } from './job-summary.ts'
import type { MainWindow } from './main-window.ts'
import { quitAnswers, quitQuestion } from './quit-question.ts'

const joinWithinMs = 8_000
const stopWithinMs = 30_000

/** Takes over what `app.quit()` does. */
export function coordinateQuit(deps: {
  readonly session: HomeSession
  readonly jobs: Followed<'jobs'>
  readonly window: MainWindow
  readonly logger: Logger
}): { readonly quitting: () => boolean } {
  const { session, jobs, window, logger } = deps
  let stage: 'no' | 'asking' | 'leaving' = 'no'
  let asked = true

  const leave = async () => {
    stage = 'leaving'
    window.rememberPlace()
    const stopped = session.stop().catch((error: unknown) => logger.error('Stopping failed', { error: String(error) }))
    await Promise.race([stopped, wait(joinWithinMs)])
    app.exit(0)
  }

  const ask = async (running: readonly Job[]) => {
    const question = quitQuestion(running, process.platform === 'darwin' ? 'darwin' : 'linux')
    window.show()
    const { response } = await dialog.showMessageBox(window.browserWindow, {
      type: 'question',
      message: question.message,
      detail: question.detail,
      buttons: [...question.buttons],
      defaultId: 0,
      cancelId: 1,
      noLink: true,
    })
    return quitAnswers[response] ?? 'cancel'
  }

  const decide = async () => {
    stage = 'asking'
    // A guest's jobs run in another program, and go on there.
    const running = session.role() === 'owner' ? unfinishedJobs(jobs.items()) : []
    const answer = running.length === 0 || !asked ? 'leave' : await ask(running)
    if (answer === 'cancel') stage = 'no'
    else if (answer === 'keep-running') {
      stage = 'no'
      window.hideUntilDone()
    } else {
      if (answer === 'stop-and-quit') await stopAll(session, jobs, logger)
      await untilJobs(jobs, (job) => !isFrozen(job), joinWithinMs)
      await leave()
    }
  }

  const failed = (error: unknown) => {
    stage = 'no'
    logger.error('Quitting failed', { error: String(error) })
  }

  app.on('before-quit', (event) => {
    event.preventDefault()
    if (stage === 'no')
      void decide().catch((error: unknown) => logger.error('Quitting failed', { error: String(error) }))
  })
  const withoutAsking = () => {
    asked = false
    if (stage !== 'leaving') void decide().catch(failed)
  }
  // The system is going down, or whoever started Floe ends it: nobody is there to answer.
  powerMonitor.on('shutdown', withoutAsking)
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, withoutAsking)
  return { quitting: () => stage === 'leaving' }
}

async function stopAll(session: HomeSession, jobs: Followed<'jobs'>, logger: Logger): Promise<void> {
  for (const job of unfinishedJobs(jobs.items())) {
    const result = await session.client.invoke('jobs.cancel', { jobId: job.id })
    if (!result.ok) logger.warn('A job could not be stopped before quitting', { job: job.id, problem: result.problem })
  }
  await untilJobs(jobs, (job) => isFinal(job.state), stopWithinMs)
}

/** Waits until every job fits, or the time is over. */
function untilJobs(jobs: Followed<'jobs'>, fits: (job: Job) => boolean, withinMs: number): Promise<void> {
  const fitting = new Promise<void>((resolve) => {
    jobs.onChange((items) => {
      if (items.every(fits)) resolve()
    })
  })
  return Promise.race([fitting, wait(withinMs)])
}

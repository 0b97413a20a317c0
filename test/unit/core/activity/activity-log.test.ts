import { randomBytes } from 'node:crypto'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { createActivityLog } from '../../../../electron/core/activity/activity-log.ts'
import { Topic } from '../../../../electron/core/topics/topic.ts'
import type { Activity } from '../../../../shared/domain/activity.ts'
import { quietLogger, realClock } from '../../../support/core.ts'
import { tempDir } from '../../../support/temp.ts'

const line = (text: string): Omit<Activity, 'id' | 'at' | 'dismissed'> => ({
  level: 'info',
  machineId: null,
  subject: 'debian-dev',
  text,
  jobId: null,
  problem: null,
  timeline: [],
})

const openLog = (file: string, now?: Date, logger = quietLogger) => {
  const topic = new Topic('activity')
  const clock = now ? { ...realClock, now: () => now } : realClock
  return { topic, log: createActivityLog({ ports: { clock, logger, randomBytes }, file, topic }) }
}

describe('the activity log', () => {
  it('is there after a restart, newest first, with what was dismissed', async () => {
    using dir = tempDir()
    const { log } = openLog(dir.file('a'))
    for (const text of ['one', 'two', 'three']) log.add(line(text))
    log.dismiss(log.list()[1]?.id ?? '')
    await log.flush()
    const again = openLog(dir.file('a'))
    expect(again.log.list()).toEqual(log.list())
    expect(again.log.list().map((entry) => [entry.text, entry.dismissed])).toEqual([
      ['three', false],
      ['two', true],
      ['one', false],
    ])
    expect(again.topic.list()).toHaveLength(3)
  })

  it('loses one line at most when the last one was cut short', async () => {
    using dir = tempDir()
    const { log } = openLog(dir.file('a'))
    log.add(line('one'))
    await log.flush()
    appendFileSync(dir.file('a'), '{"id":"abc","at":"20')
    const second = openLog(dir.file('a')).log
    expect(second.list().map((entry) => entry.text)).toEqual(['one'])
    second.add(line('two'))
    await second.flush()
    expect(
      openLog(dir.file('a'))
        .log.list()
        .map((entry) => entry.text),
    ).toEqual(['two', 'one'])
  })

  it('keeps a copy of a file with damage in the middle and says so', async () => {
    using dir = tempDir()
    writeFileSync(dir.file('a'), 'garbage\n{}\n')
    const warn = vi.fn()
    openLog(dir.file('a'), undefined, { ...quietLogger, warn })
    expect(warn).toHaveBeenCalledOnce()
    expect(readdirSync(dir.path).some((name) => name.startsWith('a.damaged-'))).toBe(true)
  })

  it('forgets what is older than a year', async () => {
    using dir = tempDir()
    const old = openLog(dir.file('a'), new Date('2025-01-01')).log
    old.add(line('old'))
    await old.flush()
    expect(openLog(dir.file('a'), new Date('2025-12-30')).log.list()).toHaveLength(1)
    expect(openLog(dir.file('a'), new Date('2026-01-03')).log.list()).toHaveLength(0)
  })

  it('rewrites the file when most of it is superseded', async () => {
    using dir = tempDir()
    const old = openLog(dir.file('a'), new Date('2025-01-01')).log
    for (let count = 0; count < 300; count++) old.add(line(`old ${count}`))
    await old.flush()
    const { log } = openLog(dir.file('a'), new Date('2026-02-01'))
    log.add(line('new'))
    await log.flush()
    log.add(line('newer'))
    await log.flush()
    expect(readFileSync(dir.file('a'), 'utf8').trim().split('\n')).toHaveLength(2)
    expect(
      openLog(dir.file('a'), new Date('2026-02-01'))
        .log.list()
        .map((entry) => entry.text),
    ).toEqual(['newer', 'new'])
  })

  it('keeps going and complains when the home folder is unwritable', async () => {
    using dir = tempDir()
    const error = vi.fn()
    const { log } = openLog(dir.file('none', 'a'), undefined, { ...quietLogger, error })
    log.add(line('one'))
    await log.flush()
    expect(log.list()).toHaveLength(1)
    expect(error).toHaveBeenCalledOnce()
    mkdirSync(dir.file('none'))
    log.add(line('two'))
    await log.flush()
    expect(
      openLog(dir.file('none', 'a'))
        .log.list()
        .map((entry) => entry.text),
    ).toEqual(['two', 'one'])
  })
})

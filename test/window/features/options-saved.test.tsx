import { screen } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { backUpInput } from '../../../renderer/src/state/back-up.ts'
import { destination, settings as sampleSettings } from '../support/sample.ts'
import '../support/setup.ts'
import { id, off, openOptions, preview, problem, t7 } from './options-support.ts'
import { inputsOf } from './support.ts'

describe('what is in the way of a backup', () => {
  it('is named, and the button waits for it', async () => {
    const clash = problem('backup/job-clash', { disk: 'vdb', machine: 'debian-dev' })
    const { user, bridge } = await openOptions(preview({ obstacle: clash }))
    expect(screen.getByTestId('banner-backup/job-clash').textContent).toContain('Another job is using vdb')
    expect(screen.getByTestId('back-up').textContent).toBe('Start When Done')
    await user.click(screen.getByRole('button', { name: 'Show Command' }))
    expect(screen.getByText(/--when-possible$/)).toBeTruthy()
    await user.click(screen.getByTestId('back-up'))
    expect(inputsOf(bridge, 'backup.start')).toMatchObject([{ whenPossible: true }])
  })

  it('can be left out when it is a disk', async () => {
    const { user } = await openOptions(preview({ obstacle: problem('backup/job-clash', { disk: 'vdb' }) }))
    await user.click(screen.getByRole('button', { name: 'Leave Out' }))
    expect(screen.getByRole<HTMLInputElement>('checkbox', { name: /^vdb/ }).checked).toBe(false)
  })

  it('can be an absent drive, also where the host can’t tell more about the backup', async () => {
    const away = destination('Samsung T7', { state: { kind: 'absent', lastSeenAt: null }, freeBytes: null })
    await openOptions(problem('destination/missing'), { destinations: [away] })
    expect(screen.getByTestId('banner-destination/missing').textContent).toContain('Samsung T7 isn’t connected')
    expect(screen.getByTestId('back-up').textContent).toBe('Start When Connected')
    expect(off(screen.getByTestId('back-up'))).toBe(false)
  })
})

it('a place that can be used comes before one that is not there', async () => {
  const away = destination('A drive', { state: { kind: 'absent', lastSeenAt: null } })
  await openOptions(preview(), { destinations: [away, t7] })
  expect(screen.getByRole('button', { name: /Destination/ }).textContent).toContain('Samsung T7')
})

describe('the saved choices', () => {
  it('are what a plain Back Up Now asks for', () => {
    const saved = { diskIds: ['vda'], freeze: true, requireFreeze: true, limit: 50_000_000, check: false }
    const { settings } = sampleSettings({ backupByMachine: { [id]: saved }, freeze: false })
    expect(backUpInput(id, settings, t7)).toEqual({
      ...saved,
      machineId: id,
      destinationId: t7.id,
      whenPossible: false,
    })
  })

  it('are the destination, disks, freezing, limit and check of this machine; others’ stay', async () => {
    const other = { diskIds: null, freeze: null, limit: null, check: true }
    const { user, bridge } = await openOptions(preview(), { settings: { backupByMachine: { other } } })
    await user.click(screen.getByRole('checkbox', { name: /^vdb/ }))
    await user.click(screen.getByRole('checkbox', { name: /^Freeze file systems/ }))
    await user.click(screen.getByRole('button', { name: 'Save as Default' }))
    expect(inputsOf(bridge, 'settings.set')).toEqual([
      {
        destinationByMachine: { [id]: t7.id },
        backupByMachine: {
          other,
          [id]: { diskIds: ['vda'], freeze: false, requireFreeze: null, limit: null, check: true },
        },
      },
    ])
    expect(await screen.findByTestId('banner-system/home-unwritable')).toBeTruthy()
  })

  it('are what the sheet opens with, and then there is nothing to save', async () => {
    const saved = { diskIds: ['vda'], freeze: false, limit: 50_000_000, check: false }
    await openOptions(preview(), {
      settings: { destinationByMachine: { [id]: t7.id }, backupByMachine: { [id]: saved } },
    })
    expect(screen.getByRole<HTMLInputElement>('checkbox', { name: /^vdb/ }).checked).toBe(false)
    expect(screen.getByRole<HTMLInputElement>('checkbox', { name: /^Freeze file systems/ }).checked).toBe(false)
    expect(screen.getByTestId('more-options').textContent).toContain('At most 50.0\u00a0MB/s, not checked')
    expect(off(screen.getByRole('button', { name: 'Saved as Default' }))).toBe(true)
  })
})

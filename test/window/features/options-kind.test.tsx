import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { BackupPreview } from '../../../shared/ipc/contract.ts'
import { diskId } from '../support/sample.ts'
import '../support/setup.ts'
import { id, openOptions, preview } from './options-support.ts'
import { inputsOf, openMachine, sceneBridge } from './support.ts'

const part = (name: string, change: Partial<BackupPreview['disks'][number]>): BackupPreview['disks'][number] => ({
  diskId: diskId(name),
  included: true,
  basis: 'bitmap',
  basisReason: 'Changes have been tracked since the last restore point.',
  bytesToCopy: 8.7e9,
  endBytes: 0,
  reason: null,
  ...change,
})
const incremental = preview({
  kind: 'incremental',
  kindReason: 'Changes have been tracked since Yesterday 21:00.',
  basis: 'bitmap',
  bytesToCopy: 9.6e9,
  disks: [
    part('vda', {}),
    part('vdb', { basis: 'all', basisReason: 'vdb changed size from 8 GB to 16 GB.', bytesToCopy: 0.9e9 }),
  ],
})
const radio = (name: RegExp) => screen.getByRole<HTMLInputElement>('radio', { name })

describe('the kind in the options sheet', () => {
  it('is chosen by Floe, with what it would be, its size and its reason; a full one is one click away', async () => {
    const { sheet } = await openOptions(incremental)
    expect(radio(/^Automatic: incremental, about 9.60\sGB/).checked).toBe(true)
    expect(sheet.textContent).toContain('Changes have been tracked since Yesterday 21:00.')
    expect(radio(/^Full, about 76.8\sGB/).checked).toBe(false)
  })

  it('is asked for when a full one is chosen, and keeps saying what it would be by itself', async () => {
    const { user, bridge, become } = await openOptions(incremental)
    become(preview({ kindReason: 'You asked for a full backup.' }))
    await user.click(radio(/^Full/))
    await waitFor(() => expect(radio(/^Full, about 46.4/).checked).toBe(true))
    expect(inputsOf(bridge, 'backup.preview')).toContainEqual(expect.objectContaining({ kind: 'full' }))
    await user.click(screen.getByRole('button', { name: 'Show Command' }))
    expect(screen.getByText(/--full$/)).toBeTruthy()
    await user.click(screen.getByTestId('back-up'))
    expect(inputsOf(bridge, 'backup.start')).toMatchObject([{ kind: 'full' }])
  })

  it('is fixed where only a full one is possible, and says why', async () => {
    const { user, bridge, sheet } = await openOptions(
      preview({ kindReason: 'The restore point before it is damaged.' }),
    )
    expect([radio(/^Full, about 46.4/).checked, radio(/^Full/).disabled, radio(/^Automatic/).disabled]).toEqual([
      true,
      true,
      true,
    ])
    expect(sheet.textContent).toContain('The restore point before it is damaged.')
    await user.click(screen.getByTestId('back-up'))
    // Not "you asked for it": should there be something to start from by then, it is used.
    expect(inputsOf(bridge, 'backup.start')).toMatchObject([{ kind: 'automatic' }])
  })

  it('says at most how much where it has to compare', async () => {
    await openOptions(preview({ kind: 'incremental', basis: 'comparison', kindReason: 'QEMU was killed.' }))
    expect(radio(/^Automatic: incremental, at most 46.4\sGB/)).toBeTruthy()
  })

  it('is told for each disk with its changed bytes and why', async () => {
    const { sheet } = await openOptions(incremental)
    expect(within(sheet).getByTestId('disk-vda').textContent).toContain(
      '8.70\u00a0GB changed. Changes have been tracked',
    )
    expect(within(sheet).getByTestId('disk-vdb').textContent).toContain('900\u00a0MB to copy. vdb changed size')
  })

  it('tells a disk that has not changed from one that has', async () => {
    const disks = [part('vda', { bytesToCopy: 65_536, endBytes: 65_536 }), part('vdb', { endBytes: 65_536 })]
    const { sheet } = await openOptions({ ...incremental, disks })
    expect(within(sheet).getByTestId('disk-vda').textContent).toContain('Nothing changed. Changes have been tracked')
    expect(within(sheet).getByTestId('disk-vdb').textContent).toContain('8.70\u00a0GB changed.')
  })
})

describe('proving the copy', () => {
  it('is one tick under More, with what it does', async () => {
    const { user, bridge, sheet } = await openOptions(incremental)
    await user.click(screen.getByTestId('more-options'))
    expect(sheet.textContent).toContain('compares every byte with the finished copy')
    await user.click(screen.getByRole('checkbox', { name: /^Prove the copy/ }))
    await user.click(screen.getByTestId('back-up'))
    expect(inputsOf(bridge, 'backup.start')).toMatchObject([{ prove: true, kind: 'automatic' }])
  })
})

describe('the page of a machine', () => {
  async function openWith(answer: BackupPreview) {
    const bridge = sceneBridge()
    bridge.answer('backup.preview', () => ({ ok: true, value: answer }))
    return { ...openMachine(bridge), bridge, strip: await screen.findByTestId('status-strip') }
  }

  it('says kind, size and reason of the next backup before the click', async () => {
    const { strip, bridge } = await openWith(incremental)
    await within(strip).findByText('Next backup')
    expect(strip.textContent).toContain('Incremental, 9.60\u00a0GB')
    expect(strip.textContent).toContain('Changes have been tracked since Yesterday 21:00.')
    expect(strip.textContent).toContain('Changed since9.60\u00a0GB')
    expect(inputsOf(bridge, 'backup.preview')).toMatchObject([{ machineId: id, diskIds: null }])
  })

  it('says why it would be a full one', async () => {
    const { strip } = await openWith(preview({ kindReason: 'Change tracking was cut off when QEMU was killed.' }))
    await within(strip).findByText('Full, 46.4 GB')
    expect(strip.textContent).toContain('Change tracking was cut off when QEMU was killed.')
    expect(strip.textContent).toContain('Data on disks')
  })

  it('says when nothing has changed', async () => {
    const { strip } = await openWith({ ...incremental, bytesToCopy: 0 })
    await within(strip).findByText('Changed since')
    expect(strip.textContent).toContain('Changed sinceNothing')
    expect(strip.textContent).not.toContain('0 bytes')
  })

  it('says that nothing has changed where only the ends of the disks are copied, and what that takes', async () => {
    const { strip } = await openWith({ ...incremental, bytesToCopy: 131_072, endBytes: 131_072 })
    const changed = await within(strip).findByText('Changed since')
    expect(strip.textContent).toContain('Changed sinceNothing')
    expect(strip.textContent).toMatch(/Incremental, 131\sKB/)
    expect(changed.parentElement?.title).toMatch(/131\sKB at the end of the disks are copied each time/)
  })

  it('says nothing it does not know', async () => {
    const bridge = sceneBridge()
    openMachine(bridge)
    const strip = await screen.findByTestId('status-strip')
    await waitFor(() => expect(inputsOf(bridge, 'backup.preview')).toHaveLength(1))
    expect(strip.textContent).not.toContain('Next backup')
  })
})

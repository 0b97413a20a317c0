import { screen, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { destination, disk, job, jobId, machineId, point, pointId } from '../support/sample.ts'
import '../support/setup.ts'
import { inputsOf, openMachine, sceneBridge } from './support.ts'

describe('Back Up Now', () => {
  const started = () => ({ ok: true, value: { jobId: jobId('j1') } }) as const

  it('starts with one press and asks nothing', async () => {
    const bridge = sceneBridge()
    bridge.answer('backup.start', started)
    const { user } = openMachine(bridge)
    await user.click(await screen.findByTestId('back-up-now'))
    expect(inputsOf(bridge, 'backup.start')).toEqual([
      {
        machineId: machineId('debian-dev'),
        destinationId: destination('Samsung T7').id,
        diskIds: null,
        limit: null,
        check: true,
        freeze: null,
        requireFreeze: null,
        whenPossible: false,
      },
    ])
  })

  it('without a destination asks for one first', async () => {
    const { user, state, bridge } = openMachine(sceneBridge({ destinations: [] }))
    await user.click(await screen.findByTestId('back-up-now'))
    expect(state.ui.store.getState().sheet?.kind).toBe('add-destination')
    expect(inputsOf(bridge, 'backup.start')).toEqual([])
  })

  it('opens the options with Option held', async () => {
    const { user, state } = openMachine(sceneBridge())
    const button = await screen.findByTestId('back-up-now')
    await user.keyboard('{Alt>}')
    await user.click(button)
    expect(state.ui.store.getState().sheet?.kind).toBe('back-up-options')
  })

  it('copies the images of a machine that is off, and says so before the click', async () => {
    const bridge = sceneBridge({ machine: { state: { kind: 'off', since: null } } })
    bridge.answer('backup.start', started)
    const { user } = openMachine(bridge)
    expect(await screen.findByText(/A backup copies the images directly/)).toBeTruthy()
    expect(screen.getByTestId('readiness').textContent).toContain('Offline copy')
    await user.click(screen.getByTestId('back-up-now'))
    expect(inputsOf(bridge, 'backup.start')).toHaveLength(1)
  })

  it('is off with its reason while Floe knows no image of a machine that is off', async () => {
    const { user, bridge } = openMachine(sceneBridge({ machine: { state: { kind: 'off', since: null }, disks: [] } }))
    const button = await screen.findByTestId('back-up-now')
    expect(button.getAttribute('aria-disabled')).toBe('true')
    await user.click(button)
    expect(inputsOf(bridge, 'backup.start')).toEqual([])
  })

  it('to a drive that is not connected starts by itself when it is', async () => {
    const away = destination('Samsung T7', { state: { kind: 'absent', lastSeenAt: null } })
    const bridge = sceneBridge({ destinations: [away] })
    bridge.answer('backup.start', started)
    const { user } = openMachine(bridge)
    await user.click(await screen.findByTestId('back-up-now'))
    expect(inputsOf(bridge, 'backup.start')).toEqual([expect.objectContaining({ whenPossible: true })])
  })

  it('keeps to what was saved for the machine', async () => {
    const saved = { diskIds: ['data'], freeze: false, limit: 50_000_000, check: false }
    const bridge = sceneBridge({ settings: { backupByMachine: { [machineId('debian-dev')]: saved } } })
    bridge.answer('backup.start', started)
    const { user } = openMachine(bridge)
    await user.click(await screen.findByTestId('back-up-now'))
    expect(inputsOf(bridge, 'backup.start')).toEqual([expect.objectContaining(saved)])
  })

  it('says that it is backing up and pauses from its menu', async () => {
    const bridge = sceneBridge({ jobs: [job('j1', 'debian-dev')] })
    bridge.answer('jobs.pause', () => ({ ok: true, value: {} }))
    const { user } = openMachine(bridge)
    expect((await screen.findByTestId('back-up-now')).textContent).toBe('Backing Up…')
    await user.click(screen.getByTestId('back-up-now-menu'))
    await user.click(await screen.findByRole('menuitem', { name: 'Pause' }))
    expect(inputsOf(bridge, 'jobs.pause')).toHaveLength(1)
  })
})

describe('the status strip', () => {
  it('answers "am I safe?" first and promises nothing that is not there', async () => {
    const tracking = { kind: 'unknown' } as const
    const disks = [disk('debian-root', { tracking }), disk('data', { allocatedSize: 8e9, tracking })]
    openMachine(sceneBridge({ machine: { disks } }))
    const strip = await screen.findByTestId('status-strip')
    expect(strip.textContent).toContain('Last good restore point')
    expect(strip.textContent).toContain('46.4\u00a0GB')
    expect(strip.textContent).toContain('412\u00a0GB left')
    expect(strip.textContent).not.toMatch(/tracking|Frozen|Next backup/)
  })

  it('says that there is no restore point yet', async () => {
    openMachine(sceneBridge({ machine: { lastGoodPoint: null } }))
    expect((await screen.findByTestId('status-strip')).textContent).toContain('None yet')
  })
})

describe('a machine that Floe cannot reach', () => {
  it('names the program that holds its socket and tries again on request', async () => {
    const { user, bridge } = openMachine(
      sceneBridge({ machine: { state: { kind: 'busy', program: 'virsh', pid: 812 } } }),
    )
    const banner = await screen.findByTestId('banner-busy')
    expect(banner.textContent).toContain('virsh (pid 812) uses its QMP socket')
    expect(within(banner).getByRole('button', { name: 'Copy Socket Option' })).toBeTruthy()
    await user.click(within(banner).getByRole('button', { name: 'Try Again' }))
    expect(inputsOf(bridge, 'machines.refresh').length).toBeGreaterThan(0)
  })

  it('shows the exact option to add when it has no socket', async () => {
    const option = '-qmp unix:/home/ann/.qmp/debian.sock,server=on,wait=off'
    const { user } = openMachine(sceneBridge({ machine: { state: { kind: 'no-socket', option, reason: 'none' } } }))
    const banner = await screen.findByTestId('banner-no-socket')
    expect(banner.textContent).toContain(option)
    await user.click(within(banner).getByRole('button', { name: 'Show Start Command' }))
    expect(banner.textContent).toContain('qemu-system-x86_64')
  })
})

describe('the inspector', () => {
  it('shows the machine while nothing is selected', async () => {
    openMachine(
      sceneBridge({
        machine: {
          disks: [disk('vda'), disk('cd0', { exclusion: 'read-only', format: 'raw' })],
          features: { 'blockdev-backup': true },
        },
      }),
    )
    const inspector = await screen.findByTestId('inspector')
    expect(inspector.textContent).toContain('/home/ann/vms/vda.qcow2')
    expect(inspector.textContent).toContain('Read-only, not needed')
    expect(inspector.textContent).toContain('blockdev-backup')
  })

  it('shows the selected point with seconds, worth and place', async () => {
    const { user } = openMachine(sceneBridge())
    await user.click(await screen.findByTestId(`point-${pointId('p1')}`))
    const inspector = screen.getByTestId('inspector')
    expect(inspector.textContent).toContain('1 disk, 64.0\u00a0GB')
    expect(inspector.textContent).toContain('Freezing is not set up for this machine.')
    expect(inspector.textContent).toContain('/media/ann/Samsung T7/Floe/debian-dev/p1')
  })

  it('offers another point instead of a damaged one', async () => {
    const damaged = point('p1', 'debian-dev', 1, { unreadable: 'Its manifest is cut off.' })
    const { user, state } = openMachine(sceneBridge({ points: [damaged, point('p2', 'debian-dev', 49)] }))
    await user.click(await screen.findByTestId(`point-${pointId('p1')}`))
    expect(screen.getByTestId('restore-point').getAttribute('aria-disabled')).toBe('true')
    const banner = within(screen.getByTestId('banner-damaged'))
    expect(banner.getByText('Its manifest is cut off.')).toBeTruthy()
    await user.click(banner.getByRole('button', { name: /^Use .* Instead$/ }))
    expect(state.ui.store.getState().selectedPoints).toEqual([pointId('p2')])
  })
})

// Adding a machine: one that was found, one by its socket, or by its start command (ux.md S6).
import { type ReactElement, useState } from 'react'
import { Button } from '../../design/button.tsx'
import { SegmentedControl } from '../../design/segmented-control.tsx'
import { Sheet } from '../../design/sheet.tsx'
import { useMachines, useOtherMachines } from '../../state/selectors.ts'
import { useUiActions } from '../../state/window-state.tsx'
import { BySocket } from './by-socket.tsx'
import { ByStartCommand } from './by-start-command.tsx'
import { FoundMachines } from './found-machines.tsx'
import { useSocketTest } from './socket-test.ts'

export interface AddMachineSheetProps {
  /** A socket that was dropped on the window. */
  readonly path: string | null
}

type Way = 'found' | 'socket' | 'command'

export function AddMachineSheet({ path }: AddMachineSheetProps): ReactElement {
  const ui = useUiActions()
  const found = useMachines().length + useOtherMachines().length
  const [way, setWay] = useState<Way>(path === null ? 'found' : 'socket')
  const test = useSocketTest(path ?? '')
  const trySocket = (socket: string, agent: string | null): void => {
    test.setBoth({ path: socket, agent: agent ?? '' })
    setWay('socket')
  }
  return (
    <Sheet
      name="add-machine"
      title="Add a machine"
      description="Floe talks to a machine through its QMP socket. The machine keeps running."
      onClose={ui.closeSheet}
      footer={
        <>
          <Button onPress={ui.closeSheet} autoFocus={path === null}>
            {way === 'found' ? 'Done' : 'Cancel'}
          </Button>
          {way === 'socket' ? (
            <Button
              variant="primary"
              onPress={test.add}
              busy={test.adding}
              disabledReason={test.whyNot}
              testId="add-machine-confirm"
            >
              Add Machine
            </Button>
          ) : null}
        </>
      }
    >
      <div>
        <SegmentedControl<Way>
          label="How to add the machine"
          value={way}
          onChange={setWay}
          choices={[
            { value: 'found', label: `Found (${found})` },
            { value: 'socket', label: 'By Socket' },
            { value: 'command', label: 'By Start Command' },
          ]}
        />
      </div>
      {way === 'found' ? <FoundMachines /> : null}
      {way === 'socket' ? <BySocket test={test} /> : null}
      {way === 'command' ? <ByStartCommand onSocket={trySocket} /> : null}
    </Sheet>
  )
}

// Setting up the guest agent (ux.md 3.1, "Agent missing or hung"): what it gives, the channel on QEMU's side, the
// program inside the guest, and a test. It follows the machine: when the agent answers, the sheet says so by itself.
import type { ReactElement } from 'react'
import type { MachineId } from '../../../../shared/domain/ids.ts'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { agentWords } from '../../../../shared/text/agent-words.ts'
import { Banner } from '../../design/banner.tsx'
import { Button } from '../../design/button.tsx'
import { Sheet } from '../../design/sheet.tsx'
import { useMachine } from '../../state/selectors.ts'
import { useNow, useUi, useUiActions } from '../../state/window-state.tsx'
import { AgentTest } from './agent-test.tsx'
import { ChannelStep } from './channel-step.tsx'
import { GuestStep } from './guest-step.tsx'
import styles from './set-up-agent.module.css'
import { Step } from './step.tsx'

export function SetUpAgentSheet({ machineId }: { readonly machineId: MachineId }): ReactElement | null {
  const machine = useMachine(machineId)
  return machine === null ? null : <SetUp machine={machine} />
}

function SetUp({ machine }: { readonly machine: Machine }): ReactElement {
  const ui = useUiActions()
  const back = useUi(({ sheet }) => (sheet?.kind === 'set-up-agent' ? sheet.back : undefined))
  const close = () => (back === undefined ? ui.closeSheet() : ui.openSheet(back))
  const now = useNow(10_000)
  const words = agentWords(machine, new Date(now))
  const { agent } = machine
  return (
    <Sheet
      name="set-up-agent"
      title={`Set up the guest agent of ${machine.name}`}
      description="With this small program in the guest, its file systems stand still for some milliseconds while a backup starts. Such restore points need no repair at boot. Without it they are like after a power cut."
      width={660}
      onClose={close}
      footer={
        <Button variant="primary" onPress={close} autoFocus>
          {back === undefined ? 'Done' : 'Back'}
        </Button>
      }
    >
      <div aria-live="polite">
        <Banner code={`agent-${agent.kind}`} tone={words.tone} title={words.title}>
          {words.body}
        </Banner>
      </div>
      <ol className={styles.steps}>
        <Step number={1} done={agent.kind !== 'none'} title="Give the machine a channel">
          <ChannelStep machine={machine} />
        </Step>
        <Step number={2} done={agent.kind === 'ready'} title="Install the agent in the guest">
          <GuestStep />
        </Step>
        <Step number={3} done={agent.kind === 'ready'} title="Test it">
          <AgentTest machine={machine} />
        </Step>
      </ol>
    </Sheet>
  )
}

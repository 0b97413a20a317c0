// QEMU's side: the options to add to the start command, or where the channel is.
import type { ReactElement } from 'react'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { optionLines } from '../../../../shared/text/agent-set-up.ts'
import { CodeBlock } from '../../design/code-block.tsx'
import styles from './set-up-agent.module.css'

export function ChannelStep({ machine }: { readonly machine: Machine }): ReactElement {
  const { agent, agentPath } = machine
  if (agent.kind !== 'none') {
    return agentPath === null ? (
      <p className={styles.note}>It has one.</p>
    ) : (
      <p className={styles.note}>
        It has one at <bdi className={styles.path}>{agentPath}</bdi>
      </p>
    )
  }
  return (
    <>
      <p className={styles.note}>
        Add these options to its start command
        {machine.startedBy === null ? null : (
          <>
            {' '}
            in <bdi className={styles.path}>{machine.startedBy}</bdi>
          </>
        )}
        , and restart the machine when it suits you. The folder of the socket must exist.
      </p>
      <CodeBlock code={optionLines(agent.options)} label="the options for QEMU" wrap />
    </>
  )
}

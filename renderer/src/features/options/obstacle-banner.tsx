// What is in the way, with the way around it where there is one: leaving out the disk that another job uses.
import type { ReactElement } from 'react'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { Banner } from '../../design/banner.tsx'
import { Button } from '../../design/button.tsx'
import type { BackUpChoices } from '../../state/back-up-choices.ts'
import type { Obstacle } from './obstacle.ts'

export interface ObstacleBannerProps {
  readonly obstacle: Obstacle
  readonly machine: Machine
  readonly choices: BackUpChoices
  readonly onChange: (change: Partial<BackUpChoices>) => void
}

export function ObstacleBanner({ obstacle, machine, choices, onChange }: ObstacleBannerProps): ReactElement {
  const { problem, text } = obstacle
  const offered = text.actions.some(({ kind }) => kind === 'leave-disk-out')
  const disk = offered ? machine.disks.find(({ id }) => id === problem.params.disk) : undefined
  const canLeaveOut = disk !== undefined && choices.disks.has(disk.id) && choices.disks.size > 1
  return (
    <Banner
      code={problem.code}
      tone="warning"
      title={text.title}
      {...(canLeaveOut
        ? {
            actions: (
              <Button
                size="small"
                onPress={() => onChange({ disks: new Set([...choices.disks].filter((id) => id !== disk.id)) })}
              >
                Leave Out
              </Button>
            ),
          }
        : {})}
    >
      {text.body}
    </Banner>
  )
}

// A point's consistency or trust: an icon and its word.
import type { ReactElement, ReactNode } from 'react'
import type { Mark } from '../../../../shared/text/consistency-words.ts'
import { StatusText } from '../../design/status-text.tsx'
import {
  BoltIcon,
  CheckCircleIcon,
  CircleIcon,
  ClockIcon,
  MachineIcon,
  ProblemIcon,
  SnowflakeIcon,
} from '../../icons/icons.tsx'

const icons: Record<Mark['icon'], ReactNode> = {
  frozen: <SnowflakeIcon small />,
  'crash-consistent': <BoltIcon small />,
  offline: <MachineIcon small />,
  verified: <CheckCircleIcon small />,
  busy: <ClockIcon small />,
  problem: <ProblemIcon small />,
  none: <CircleIcon small />,
}

export function MarkText({ mark }: { readonly mark: Mark }): ReactElement {
  return (
    <StatusText icon={icons[mark.icon]} tone={mark.tone === 'neutral' ? 'plain' : mark.tone}>
      {mark.text}
    </StatusText>
  )
}

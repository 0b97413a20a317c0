// The checks before a swap, each in one of four looks: checking, fine, warning, blocked (ux.md S8).
import type { ReactElement } from 'react'
import type { Preflight, PreflightCheck } from '../../../../shared/domain/restore.ts'
import { Button } from '../../design/button.tsx'
import { List, ListRow } from '../../design/list-row.tsx'
import { CheckCircleIcon, ClockIcon, ProblemIcon, WarningIcon } from '../../icons/icons.tsx'

export type Remedy = NonNullable<PreflightCheck['remedy']>

export interface PreflightListProps {
  readonly preflight: Preflight | null
  /** What the rows' buttons do; a reason disables one. */
  readonly remedies: Readonly<Record<Remedy, { readonly run: () => void; readonly disabledReason: string | null }>>
}

const labels: Record<Remedy, string> = {
  'shut-down-guest': 'Shut Down Guest…',
  'restore-to-new-image': 'Restore to New Image…',
  'back-up-first': 'Back Up First',
}

const looks = {
  ok: { icon: <CheckCircleIcon name="OK" />, tone: 'ok' },
  warning: { icon: <WarningIcon name="Warning" />, tone: 'warning' },
  blocked: { icon: <ProblemIcon name="Blocked" />, tone: 'problem' },
} as const

export function PreflightList({ preflight, remedies }: PreflightListProps): ReactElement {
  if (preflight === null) {
    return (
      <List label="Checks">
        <ListRow icon={<ClockIcon name="Checking" />} title="Checking the machine, its images and the restore point…" />
      </List>
    )
  }
  return (
    <List label="Checks">
      {preflight.checks.map((check) => {
        const remedy = check.remedy === null ? null : remedies[check.remedy]
        return (
          <ListRow
            key={check.check}
            testId={`preflight-${check.check}`}
            icon={looks[check.result].icon}
            tone={looks[check.result].tone}
            title={check.title}
            detail={check.detail}
            trailing={
              remedy === null || check.remedy === null ? undefined : (
                <Button size="small" disabledReason={remedy.disabledReason} onPress={remedy.run}>
                  {labels[check.remedy]}
                </Button>
              )
            }
          />
        )
      })}
    </List>
  )
}

/** Why the swap cannot start; null when it can. */
export function whyBlocked(preflight: Preflight | null): string | null {
  if (preflight === null) return 'The checks are not done yet'
  if (preflight.ok) return null
  return preflight.checks.find((check) => check.result === 'blocked')?.title ?? 'A check failed'
}

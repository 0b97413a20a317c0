// Floe's own 16 px line icons, 1.35 px stroke. Without a `name` an icon is decoration and hidden from screen readers.
import type { ReactElement, ReactNode } from 'react'
import styles from './icons.module.css'

export interface IconProps {
  /** What the icon means, when no word beside it says so. */
  readonly name?: string
  /** 13 px with a stronger stroke, for small buttons and status text. */
  readonly small?: boolean
  /** Edge length in px, for the big tile of an empty page. */
  readonly size?: number
}

export type Icon = (props: IconProps) => ReactElement

function icon(shapes: ReactNode): Icon {
  return function IconShape({ name, small, size }: IconProps): ReactElement {
    const edge = size ?? (small ? 13 : 16)
    const stroke = size !== undefined && size > 20 ? 0.95 : small ? 1.6 : 1.35
    const shape = { className: styles.icon, width: edge, height: edge, viewBox: '0 0 16 16', strokeWidth: stroke }
    if (name === undefined) {
      return (
        <svg {...shape} aria-hidden="true">
          {shapes}
        </svg>
      )
    }
    return (
      <svg {...shape} role="img" aria-label={name}>
        {shapes}
      </svg>
    )
  }
}

const path = (d: string): ReactElement => <path d={d} />

export const MachineIcon = icon(
  <>
    <rect x="1.7" y="2.6" width="12.6" height="8.6" rx="1.7" />
    <path d="M5.4 13.6h5.2M8 11.3v2.2M4.7 5.6l1.8 1.6-1.8 1.6M8.2 8.9h2.6" />
  </>,
)
export const OverviewIcon = icon(
  <>
    <rect x="2" y="2" width="5" height="5" rx="1.3" />
    <rect x="9" y="2" width="5" height="5" rx="1.3" />
    <rect x="2" y="9" width="5" height="5" rx="1.3" />
    <rect x="9" y="9" width="5" height="5" rx="1.3" />
  </>,
)
export const ActivityIcon = icon(
  <>
    {path('M5.6 4h8M5.6 8h8M5.6 12h8')}
    <path d="M2.5 4h.2M2.5 8h.2M2.5 12h.2" strokeWidth={1.9} />
  </>,
)
export const ClockIcon = icon(
  <>
    <circle cx="8" cy="8" r="6.1" />
    {path('M8 4.5V8l2.4 1.5')}
  </>,
)
export const DriveIcon = icon(
  <>
    {path('M3.6 3.2h8.8l1.9 6.2v2.1a1.5 1.5 0 0 1-1.5 1.5H3.2a1.5 1.5 0 0 1-1.5-1.5V9.4z')}
    {path('M1.9 9.3h12.2M11.3 11.2h.2')}
  </>,
)
export const NetworkDriveIcon = icon(
  <>
    <rect x="2.2" y="2.4" width="11.6" height="4.6" rx="1.3" />
    <rect x="2.2" y="9" width="11.6" height="4.6" rx="1.3" />
    <path d="M4.6 4.7h.2M4.6 11.3h.2" strokeWidth={1.9} />
  </>,
)
export const PlusIcon = icon(path('M8 3v10M3 8h10'))
export const SidebarIcon = icon(
  <>
    <rect x="1.7" y="2.7" width="12.6" height="10.6" rx="2" />
    {path('M6 2.9v10.2M3.5 5.3h.8M3.5 7.3h.8')}
  </>,
)
export const InspectorIcon = icon(
  <>
    <rect x="1.7" y="2.7" width="12.6" height="10.6" rx="2" />
    {path('M10 2.9v10.2M11.8 5.3h.7M11.8 7.3h.7')}
  </>,
)
export const SearchIcon = icon(
  <>
    <circle cx="7" cy="7" r="4.3" />
    {path('m10.3 10.3 3.2 3.2')}
  </>,
)
export const RestoreIcon = icon(
  <>
    {path('M3 4.2v3h3')}
    {path('M3.2 7A5.3 5.3 0 1 1 3 9.4')}
    {path('M8.2 5.6v2.9l2 1.2')}
  </>,
)
export const VerifyIcon = icon(
  <>
    {path('M8 1.7 12.9 3.6v3.7c0 3.2-2 5.6-4.9 7-2.9-1.4-4.9-3.8-4.9-7V3.6z')}
    {path('m5.8 7.9 1.6 1.6 2.9-3')}
  </>,
)
export const ChevronDownIcon = icon(path('m4.5 6.3 3.5 3.5 3.5-3.5'))
export const ChevronRightIcon = icon(path('m6.3 4.5 3.5 3.5-3.5 3.5'))
export const ArrowRightIcon = icon(path('M2.5 8h10.5M9.3 4.3 13 8l-3.7 3.7'))
export const CheckIcon = icon(path('m3.2 8.4 3.1 3.1 6.5-7'))
/** Verified, passed, done. */
export const CheckCircleIcon = icon(
  <>
    <circle cx="8" cy="8" r="6.1" />
    {path('m5.3 8.2 1.9 1.9 3.6-4')}
  </>,
)
/** Not reached yet. */
export const CircleIcon = icon(<circle cx="8" cy="8" r="5.2" />)
/** Under way. */
export const CurrentIcon = icon(
  <>
    <circle cx="8" cy="8" r="5.2" />
    <circle cx="8" cy="8" r="2.6" fill="currentColor" stroke="none" />
  </>,
)
/** Frozen. */
export const SnowflakeIcon = icon(path('M8 1.9v12.2M2.7 5l10.6 6M13.3 5 2.7 11M6.5 3 8 4.3 9.5 3M6.5 13 8 11.7 9.5 13'))
/** Crash-consistent. */
export const BoltIcon = icon(path('M8.9 1.9 3.7 9h3.7l-.5 5.1L12.3 7H8.5z'))
export const PauseIcon = icon(<path d="M5.7 3.5v9M10.3 3.5v9" strokeWidth={1.9} />)
export const PlayIcon = icon(path('M5 3.4v9.2l7.4-4.6z'))
export const CloseIcon = icon(path('m4 4 8 8M12 4l-8 8'))
export const MoreIcon = icon(<path d="M3.6 8h.1M8 8h.1M12.4 8h.1" strokeWidth={2} />)
/** A warning: outline. */
export const WarningIcon = icon(
  <>
    {path('M8 2.3 14.3 13.2H1.7z')}
    {path('M8 6.4v3.2M8 11.4v.1')}
  </>,
)
/** A problem: filled. */
export const ProblemIcon = icon(
  <path
    fill="currentColor"
    fillRule="evenodd"
    stroke="none"
    d="M8 1.7c.5 0 .9.3 1.2.7l5.4 9.5c.5.9-.1 1.9-1.2 1.9H2.6c-1.1 0-1.7-1-1.2-1.900l5.4-9.500c.3-.4.7-.7 1.2-.7zM7.15 5.300h1.700v4.700h-1.700zM7.15 10.900h1.700v1.600h-1.700z"
  />,
)
export const InfoIcon = icon(
  <>
    <circle cx="8" cy="8" r="6.1" />
    {path('M8 7.3v3.9M8 4.8v.1')}
  </>,
)
export const PinIcon = icon(path('M6 2.3h4l-.5 4.2 2 2.1H4.5l2-2.1zM8 8.8v4.9'))
export const CopyIcon = icon(
  <>
    <rect x="5.5" y="5.5" width="8" height="8" rx="1.6" />
    {path('M3.7 10.500c-.7 0-1.2-.5-1.2-1.200V3.700c0-.7.5-1.2 1.2-1.200h5.600c.7 0 1.2.5 1.2 1.2')}
  </>,
)
/** No way to reach the machine: a slashed plug. */
export const UnplugIcon = icon(
  <>
    {path('M5.7 2.300v2.700M10.3 2.300v2.700M4 5h8v2.300a4 4 0 0 1-8 0zM8 11.300v2.5')}
    {path('M2.3 2.3 13.7 13.7')}
  </>,
)
export const TrashIcon = icon(
  path('M2.8 4.300h10.400M6.3 4.300V2.600h3.400v1.700M4 4.300l.6 8.300c.1.5.5.9 1 .9h4.800c.5 0 .9-.4 1-.9l.6-8.3'),
)

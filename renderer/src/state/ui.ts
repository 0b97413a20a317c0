// What the window shows: page, selection, panes, the open sheet. Page and panes are remembered between starts.
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { DestinationId, DiskId, JobId, MachineId, PointId, RestoreId } from '../../../shared/domain/ids.ts'
import type { BackUpChoices } from './back-up-choices.ts'

export type View =
  | { readonly kind: 'overview' }
  | { readonly kind: 'activity' }
  | { readonly kind: 'machine'; readonly machineId: MachineId }
  | { readonly kind: 'destination'; readonly destinationId: DestinationId }

export type OpenSheet =
  | { readonly kind: 'add-machine'; readonly path: string | null }
  | { readonly kind: 'add-destination'; readonly path: string | null }
  | { readonly kind: 'forget-destination'; readonly destinationId: DestinationId }
  | { readonly kind: 'remove-machine'; readonly machineId: MachineId }
  | { readonly kind: 'remove-demo' }
  | { readonly kind: 'settings' }
  | BackUpOptions
  /** `back`: where it was opened, and leads back to. */
  | { readonly kind: 'set-up-agent'; readonly machineId: MachineId; readonly back?: BackUpOptions }
  | { readonly kind: 'cancel-job'; readonly jobId: JobId }
  | { readonly kind: 'restore'; readonly pointId: PointId }
  | { readonly kind: 'undo-restore'; readonly restoreId: RestoreId }
  | { readonly kind: 'verify'; readonly pointIds: readonly PointId[] }
  | { readonly kind: 'delete-points'; readonly pointIds: readonly PointId[] }
  /** `destinationId` null: where the machine backs up to. */
  | { readonly kind: 'retention'; readonly machineId: MachineId; readonly destinationId: DestinationId | null }

export interface BackUpOptions {
  readonly kind: 'back-up-options'
  readonly machineId: MachineId
  /** A disk whose tick is taken away at first. */
  readonly leaveOut?: DiskId
  /** Made already, before another sheet came in between. */
  readonly choices?: BackUpChoices
}

export type InspectorTab = 'details' | 'machine'

export interface UiState {
  readonly view: View
  /** Selected restore points of the machine page. */
  readonly selectedPoints: readonly PointId[]
  /** Beside the page, in a wide window. */
  readonly inspectorOpen: boolean
  /** Over the page, in a narrow window; never remembered. */
  readonly inspectorOver: boolean
  readonly narrow: boolean
  readonly inspectorTab: InspectorTab
  readonly sidebarOpen: boolean
  readonly othersOpen: boolean
  /** The user knows the way: the first steps are not shown any more. */
  readonly firstStepsSkipped: boolean
  readonly sheet: OpenSheet | null
  readonly search: string
}

export interface Ui {
  readonly store: StoreApi<UiState>
  /** Opens a page; clears selection and search when it is another one. */
  show(view: View): void
  selectPoints(points: readonly PointId[]): void
  showInspectorTab(tab: InspectorTab): void
  toggleInspector(): void
  /** The window became too narrow for three columns, or wide enough again. */
  setNarrow(narrow: boolean): void
  toggleSidebar(): void
  toggleOthers(): void
  skipFirstSteps(): void
  openSheet(sheet: OpenSheet): void
  closeSheet(): void
  setSearch(text: string): void
}

/** The part of `localStorage` that is used. */
export interface Memory {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

const memoryKey = 'floe.window'

export function createUi(memory: Memory): Ui {
  const store = createStore<UiState>(() => ({
    view: { kind: 'overview' },
    selectedPoints: [],
    inspectorOpen: true,
    inspectorOver: false,
    narrow: false,
    inspectorTab: 'details',
    sidebarOpen: true,
    othersOpen: false,
    firstStepsSkipped: false,
    sheet: null,
    search: '',
    ...recall(memory),
  }))
  store.subscribe((state, before) => {
    if (sameMemory(state, before)) return
    const { view, inspectorOpen, inspectorTab, sidebarOpen, othersOpen, firstStepsSkipped } = state
    const kept = { view, inspectorOpen, inspectorTab, sidebarOpen, othersOpen, firstStepsSkipped }
    try {
      memory.setItem(memoryKey, JSON.stringify(kept))
    } catch {
      // A full or forbidden storage costs only the memory of the layout.
    }
  })
  const set = store.setState
  return {
    store,
    show: (view) => set((state) => (sameView(state.view, view) ? {} : { view, selectedPoints: [], search: '' })),
    selectPoints: (selectedPoints) => set({ selectedPoints, inspectorTab: 'details' }),
    showInspectorTab: (inspectorTab) => set({ inspectorTab }),
    toggleInspector: () =>
      set((state) =>
        state.narrow ? { inspectorOver: !state.inspectorOver } : { inspectorOpen: !state.inspectorOpen },
      ),
    setNarrow: (narrow) => set({ narrow, inspectorOver: false }),
    toggleSidebar: () => set((state) => ({ sidebarOpen: !state.sidebarOpen })),
    toggleOthers: () => set((state) => ({ othersOpen: !state.othersOpen })),
    skipFirstSteps: () => set({ firstStepsSkipped: true }),
    openSheet: (sheet) => set({ sheet }),
    closeSheet: () => set({ sheet: null }),
    setSearch: (search) => set({ search }),
  }
}

/** Is the inspector to be seen right now? */
export function inspectorShown(state: UiState): boolean {
  return state.narrow ? state.inspectorOver : state.inspectorOpen
}

export function sameView(one: View, other: View): boolean {
  if (one.kind === 'machine' && other.kind === 'machine') return one.machineId === other.machineId
  if (one.kind === 'destination' && other.kind === 'destination') return one.destinationId === other.destinationId
  return one.kind === other.kind
}

function sameMemory(one: UiState, other: UiState): boolean {
  return (
    one.view === other.view &&
    one.inspectorOpen === other.inspectorOpen &&
    one.inspectorTab === other.inspectorTab &&
    one.sidebarOpen === other.sidebarOpen &&
    one.othersOpen === other.othersOpen &&
    one.firstStepsSkipped === other.firstStepsSkipped
  )
}

/** Reads what was remembered; anything unexpected counts as nothing. */
function recall(memory: Memory): Partial<UiState> {
  try {
    const value: unknown = JSON.parse(memory.getItem(memoryKey) ?? 'null')
    if (typeof value !== 'object' || value === null) return {}
    const kept = value as Record<string, unknown>
    const view = viewOf(kept.view)
    return {
      ...(view === null ? {} : { view }),
      ...(typeof kept.inspectorOpen === 'boolean' ? { inspectorOpen: kept.inspectorOpen } : {}),
      ...(kept.inspectorTab === 'machine' || kept.inspectorTab === 'details'
        ? { inspectorTab: kept.inspectorTab }
        : {}),
      ...(typeof kept.sidebarOpen === 'boolean' ? { sidebarOpen: kept.sidebarOpen } : {}),
      ...(typeof kept.othersOpen === 'boolean' ? { othersOpen: kept.othersOpen } : {}),
      ...(kept.firstStepsSkipped === true ? { firstStepsSkipped: true } : {}),
    }
  } catch {
    return {}
  }
}

function viewOf(value: unknown): View | null {
  if (typeof value !== 'object' || value === null) return null
  const view = value as Record<string, unknown>
  if (view.kind === 'overview' || view.kind === 'activity') return { kind: view.kind }
  if (view.kind === 'machine' && typeof view.machineId === 'string') {
    return { kind: 'machine', machineId: view.machineId as MachineId }
  }
  if (view.kind === 'destination' && typeof view.destinationId === 'string') {
    return { kind: 'destination', destinationId: view.destinationId as DestinationId }
  }
  return null
}

// From the selected row of the sidebar to its page. The overview is put together here because features know no other.
import type { ReactElement } from 'react'
import { ActivityPage } from '../features/activity/activity-page.tsx'
import { DemoPanel } from '../features/demo/demo-panel.tsx'
import { DestinationPage } from '../features/destination/destination-page.tsx'
import { FirstLaunch } from '../features/first-launch/first-launch.tsx'
import { FirstSteps } from '../features/first-launch/first-steps.tsx'
import { JobCards } from '../features/job/job-cards.tsx'
import { MachinePage } from '../features/machine/machine-page.tsx'
import { OverviewPage } from '../features/overview/overview-page.tsx'
import { PointsSection } from '../features/points/points-section.tsx'
import type { View } from '../state/ui.ts'

export function CurrentPage({ view }: { readonly view: View }): ReactElement {
  switch (view.kind) {
    case 'overview':
      return (
        <OverviewPage
          whenEmpty={
            <>
              <DemoPanel />
              <FirstLaunch below={<FirstSteps skippable={false} />} />
            </>
          }
          above={
            <>
              <FirstSteps skippable />
              <DemoPanel />
            </>
          }
        />
      )
    case 'activity':
      return <ActivityPage />
    case 'machine':
      return (
        <MachinePage
          key={view.machineId}
          machineId={view.machineId}
          jobs={<JobCards machineId={view.machineId} />}
          points={(machine) => <PointsSection machine={machine} />}
        />
      )
    case 'destination':
      return <DestinationPage key={view.destinationId} destinationId={view.destinationId} />
  }
}

// One activity line as plain text, to send to somebody who helps.
import type { Activity } from '../../../../shared/domain/activity.ts'
import { problemDetails } from '../../../../shared/text/problems.ts'

/** Paths can be hidden: each absolute path becomes `<path>`. */
export function reportOf(line: Activity, hidePaths: boolean): string {
  const report = [
    `${line.at} ${line.level} ${line.subject}: ${line.text}`,
    ...(line.timeline.length === 0 ? [] : ['', ...line.timeline.map((step) => `${step.at} ${step.text}`)]),
    ...(line.problem === null ? [] : ['', problemDetails(line.problem)]),
  ].join('\n')
  return hidePaths ? withoutPaths(report) : report
}

/** Quoted paths whole, even with spaces; bare ones up to the next space. */
function withoutPaths(text: string): string {
  return text.replace(/(["'“‘])\/[^"'”’\n]*(["'”’])/g, '$1<path>$2').replace(/(^|[\s=:(])\/[^\s"'”’,;)]+/gm, '$1<path>')
}

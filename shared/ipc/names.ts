// The names of the contract without its schemas, for the preload script, which must stay free of zod.
import type { CallName, TopicName } from './contract.ts'

const calls: Readonly<Record<CallName, true>> = {
  'app.hello': true,
  'app.doctor': true,
  'machines.list': true,
  'machines.refresh': true,
  'machines.probe': true,
  'machines.add': true,
  'machines.setAgent': true,
  'machines.askAgent': true,
  'machines.thaw': true,
  'machines.remove': true,
  'machines.shutDownGuest': true,
  'destinations.list': true,
  'destinations.suggest': true,
  'destinations.add': true,
  'destinations.remove': true,
  'backup.preview': true,
  'backup.start': true,
  'export.start': true,
  'export.hold': true,
  'jobs.list': true,
  'jobs.pause': true,
  'jobs.resume': true,
  'jobs.cancel': true,
  'jobs.setLimit': true,
  'jobs.startNow': true,
  'jobs.skipCheck': true,
  'points.list': true,
  'points.get': true,
  'points.verify': true,
  'points.delete': true,
  'points.deletePreview': true,
  'points.pin': true,
  'points.prunePreview': true,
  'points.prune': true,
  'points.diff': true,
  'restore.preflight': true,
  'restore.swap': true,
  'restore.toNewImage': true,
  'restores.list': true,
  'restores.undoPreflight': true,
  'restores.undo': true,
  'activity.list': true,
  'activity.dismiss': true,
  'settings.get': true,
  'settings.set': true,
  'demo.get': true,
  'demo.start': true,
  'demo.stop': true,
  'demo.remove': true,
  'host.chooseFolder': true,
  'host.showInFolder': true,
  'host.openPrivacySettings': true,
}

const topics: Readonly<Record<TopicName, true>> = {
  machines: true,
  destinations: true,
  jobs: true,
  points: true,
  restores: true,
  activity: true,
  demo: true,
  settings: true,
}

export function isKnownCall(name: string): name is CallName {
  return Object.hasOwn(calls, name)
}

export function isKnownTopic(name: string): name is TopicName {
  return Object.hasOwn(topics, name)
}

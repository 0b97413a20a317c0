/** The part of the platform's `AbortSignal` that both sides of the bridge have; shared/ knows neither DOM nor Node. */
export interface CancelSignal {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

// Questions to drives that may hang, as network ones do after sleep. Each takes up one of this process's few threads
// until it is answered: so nothing is asked twice, and nobody waits for ever.

export class DriveQuestions<T> {
  readonly #open = new Map<string, Promise<T>>()

  /** The answer, or null when it does not come within `ms`. Rejects as `ask` does. */
  async ask(path: string, ms: number, ask: () => Promise<T>): Promise<T | null> {
    const question = this.#open.get(path) ?? ask().finally(() => this.#open.delete(path))
    this.#open.set(path, question)
    question.catch(() => {})
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), ms)
    })
    return Promise.race([question, late]).finally(() => clearTimeout(timer))
  }
}

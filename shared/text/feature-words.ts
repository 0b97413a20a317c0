const words: Readonly<Record<string, string>> = {
  'full-backup': 'Back up while running',
  'incremental-backup': 'Track changed blocks',
  'bounded-copy': 'Copy with little in flight',
  fleecing: 'Keep a slow destination away from the guest',
  'guest-first': 'Let the guest go on when a copy fails',
  yank: 'Let go of a hung network disk',
}

/** What a feature that Floe looked up in QEMU means to a person; its own name where Floe has no words for it. */
export function featureWords(name: string): string {
  return words[name] ?? name
}

// The search field of the toolbar. Esc empties it, a second Esc leaves it.
import type { ReactElement, Ref } from 'react'
import { SearchField as AriaSearchField, Button, Input } from 'react-aria-components'
import { CloseIcon, SearchIcon } from '../icons/icons.tsx'
import styles from './search-field.module.css'

export interface SearchFieldProps {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly inputRef?: Ref<HTMLInputElement>
}

export function SearchField({ label, value, onChange, inputRef }: SearchFieldProps): ReactElement {
  return (
    <AriaSearchField className={styles.field ?? ''} aria-label={label} value={value} onChange={onChange}>
      <SearchIcon small />
      <Input
        className={styles.input ?? ''}
        placeholder="Search"
        data-testid="search"
        {...(inputRef === undefined ? {} : { ref: inputRef })}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && value === '') event.currentTarget.blur()
        }}
      />
      {value === '' ? null : (
        <Button className={styles.clear ?? ''} aria-label="Clear search">
          <CloseIcon small />
        </Button>
      )}
    </AriaSearchField>
  )
}

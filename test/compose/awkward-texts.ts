/** What some reader of YAML 1.1 or 1.2 takes for a truth value, a number, a date, a merge or an alias. */
export const awkwardTexts: readonly string[] = [
  ...['yes', 'no', 'on', 'off', 'y', 'n', 'Y', 'N', 'null', '~', '', 'true', 'TRUE', '=', '<<', '*a', '&a', '!x', '%x'],
  ...[
    '@x',
    '`x',
    '- a',
    '0o14',
    '014',
    '017',
    '0x1f',
    '0b1',
    '1_000',
    '1e3',
    '1.5e+3',
    '.inf',
    '-.inf',
    '.nan',
    '1:30',
  ],
  ...['12:30:45', '190:20:30.15', '2001-01-01', '2001-12-14t21:59:43.10-05:00', '1.0', '-1', '+1', '---', '...', '_1'],
  ...['a: b', 'a #b', '#a', '"a', "'a", '[a', '{a', 'a]', 'a,b', ' a', 'a ', 'a:', '\\', '$x', '|', '>', '?', '? a'],
]

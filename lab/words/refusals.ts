/** What cannot be read as a configuration: a clear refusal is met more often in public files than any single finding. */

export const refusals = {
  'file/not-text': {
    says: 'it is no text that the program could read',
    about: 'binary, UTF-16, or with NUL bytes',
    source: 'HAProxy: "Stray NUL"; PyYAML: special characters are not allowed',
  },
  'file/template': {
    says: 'it is a template that was not rendered',
    about: 'Jinja, ERB, Go or Terraform template, not its output',
    source: '14 of 79 public Patroni files, 13 of 50 of HAProxy',
  },
  'file/wrapped': {
    says: 'the configuration is wrapped into something else',
    about: 'shell here-document, playbook, ConfigMap, Compose file or page around the configuration',
    source: 'public files',
  },
  'file/cut-off': {
    says: 'the file is cut off',
    about: 'ends inside a quoted text, a bracket, a block or a key',
    source: 'PyYAML: ParserError; HAProxy: unmatched quote',
  },
  'file/yaml-tab': {
    says: 'a tab, which PyYAML refuses wherever it is no part of a quoted text or a comment',
    about: 'a tab that indents, or stands before a comment, in YAML',
    source: 'PyYAML: found character that cannot start any token',
  },
  'file/no-yaml': {
    says: 'it is no YAML that Patroni could read',
    about: 'what PyYAML does not parse',
    source: 'PyYAML, as Patroni calls it: safe_load',
  },
  'file/unread-tag': {
    says: 'PyYAML loads this, and it is not read here',
    about:
      'a value with a tag of YAML for what is no text, number, list or mapping: !!binary, !!timestamp, !!set, !!omap, !!pairs',
    source: 'PyYAML, constructor.py: SafeConstructor (tried: !!binary makes bytes)',
  },
  'file/other-kind': {
    says: 'it is no file of the program that it is said to be',
    about: 'what is said to be of keepalived, PgBouncer or etcd, and has nothing in it that this program reads',
    source: 'keepalived.conf(5); PgBouncer, doc/config.md; etcd, server/etcdmain/help.go',
  },
  'file/unknown-kind': {
    says: 'it is not told which program reads this file',
    about:
      'neither Patroni, HAProxy, etcd, PgBouncer, keepalived nor a unit of systemd, as far as content and name tell',
    source: 'pgha-lab',
  },
} as const

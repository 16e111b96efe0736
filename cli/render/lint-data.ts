/** Findings for programs: our own JSON, and SARIF 2.1.0, which code hosts read. */
import {type Linted, type LintFinding, rules, type Severity} from '../../lab/inside/lint.ts'
import {toJson} from '../../lab/inside/start.ts'

export function lintJson({findings, more, notes}: Linted): string {
  return toJson({
    schemaVersion: 1,
    findings: findings.map(({rule, place, says, fix}) => ({
      rule: rule.id,
      severity: rule.severity,
      ...place,
      says,
      source: rule.source,
      fix,
    })),
    more,
    notes,
  })
}

const levels: Readonly<Record<Severity, string>> = {error: 'error', warning: 'warning', advice: 'note'}

export function lintSarif({findings}: Linted): string {
  return toJson({
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'pgha-lab',
            rules: rules.map(({id, about, source, fix, severity}) => ({
              id,
              shortDescription: {text: about},
              help: {text: `${fix}\n\nSource: ${source}`},
              defaultConfiguration: {level: levels[severity]},
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: findings.map(result),
      },
    ],
  })
}

function result({rule, place: {file, line, column}, says, fix}: LintFinding) {
  return {
    ruleId: rule.id,
    ruleIndex: rules.indexOf(rule),
    level: levels[rule.severity],
    message: {text: `${says}. Fix: ${fix}`},
    locations: [
      {
        physicalLocation: {
          // A URI: a name may hold a blank or a sign that means something there.
          artifactLocation: {uri: file.split('/').map(encodeURIComponent).join('/')},
          region: {startLine: line, startColumn: column},
        },
      },
    ],
  }
}

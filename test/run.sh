#!/bin/sh
# What `npm test` runs: set-up, then the parts in order, stopping at the first that fails. `npm test -- unit live` picks
# parts; `long` is played by `npm run test:all` only. The last line is `N passed, N failed, N skipped` over all tests.
root=$(CDPATH='' cd -- "$(dirname "$0")/.." && pwd -P) || exit 3
cd "$root" || exit 3

for part in "$@"; do
  case $part in
    types | lint | unit | browser | live | long) ;;
    *) echo "npm test: unknown part '$part'; the parts are: types lint unit browser live long" >&2 && exit 2 ;;
  esac
done
[ $# -gt 0 ] || set -- types lint unit browser live

. "$root/cli/launch.sh"
launch_prepare
PATH=${node%/*}:$PATH
export PATH

reports=$(mktemp -d) || exit 3
trap 'rm -rf "$reports"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

run_part() {
  case $1 in
    browser) npm run --silent "$1" -- --reporter=default --reporter=json --outputFile.json="$reports/$1.json" ;;
    unit | live | long)
      # The engine, Compose and the images, installed and built where they are missing. Unit tests start no lab, but Compose
      # reads back what they render, and commands look for it before they meet the engines that the tests fake.
      "$node" dist/cli/main.js doctor --fix &&
        npm run --silent "$1" -- --reporter=default --reporter=json --outputFile.json="$reports/$1.json"
      ;;
    *) npm run --silent "$1" ;;
  esac
}

# Where there is time, the properties are tried on other inputs each time, and evidence is lost at every moment of every run.
case " $* " in *' long '*) MUTATIONS=all PROPERTY_SEED=$(date +%s) && export MUTATIONS PROPERTY_SEED ;; esac

code=0
tested=''
for part in "$@"; do
  printf '\n== %s\n' "$part"
  began=$(date +%s)
  run_part "$part" || code=$?
  printf '== %s: %s in %s s\n' "$part" "$([ "$code" -eq 0 ] && echo ok || echo "failed with exit code $code")" $(($(date +%s) - began))
  case $part in unit | browser | live | long) tested="$tested $part" ;; esac
  [ "$code" -eq 0 ] || break
done

echo
# shellcheck disable=SC2086 # one word per part
[ -z "$tested" ] || node test/tally.ts "$reports" $tested || [ "$code" -ne 0 ] || code=1
exit "$code"

# Sourced by pgha-lab and test/run.sh with $root set to the directory of the package. `launch_prepare` makes Node, the
# dependencies and the build ready and sets $node to the Node to use; or it says in one sentence why it can't and exits 3.
#
# How it knows that something is there, without starting a program (each mark is written last, so that set-up that was
# cut short is done again):
#   Node          dist/.setup/use: the Node that was chosen, and the `node` of the PATH at that time
#   dependencies  node_modules/.package-lock.json, npm's own mark; it is older than package-lock.json when that changed
#   build         dist/.built, which `npm run build` leaves, dated by its start; nothing in the sources is newer
# A published package has no tsconfig.json: its dist came with it and npm installed its dependencies.
#
# A Node that is fetched lies outside the package, where all checkouts of this user find it: see cli/node-pins.

launch_node_major=24

case ${XDG_CACHE_HOME:-} in
  /*) launch_cache=$XDG_CACHE_HOME/pgha-lab ;;
  *) launch_cache=${HOME:-}/.cache/pgha-lab ;;
esac
if [ -f "$root/tsconfig.json" ]; then
  launch_checkout=yes
  launch_home=$root/dist/.setup
else
  launch_checkout=no
  launch_home=$launch_cache/setup
fi

# launch_prepare ARGUMENTS: those of the program. With --quiet before its -- nobody is told how far it is.
launch_prepare() {
  launch_is_ready && return 0
  launch_quiet=no
  for launch_word in "$@"; do
    case $launch_word in
      --) break ;;
      -q | --quiet) launch_quiet=yes ;;
    esac
  done
  launch_find_node
  if [ -z "$node" ] || ! launch_has_dependencies || ! launch_has_build; then
    launch_lock
    launch_find_node # whoever held the lock may have done all of it
    [ -n "$node" ] || launch_fetch_node
    launch_has_dependencies || launch_install
    launch_has_build || launch_build
    launch_unlock
  fi
  launch_remember_node
}

launch_is_ready() {
  node='' launch_seen=''
  [ -r "$launch_home/use" ] || return 1
  { IFS= read -r node && IFS= read -r launch_seen; } <"$launch_home/use" || return 1
  # -nt: the same path may have become another Node since.
  [ -x "$node" ] && [ ! "$node" -nt "$launch_home/use" ] && [ "$launch_seen" = "$(command -v node)" ] &&
    launch_has_dependencies && launch_has_build
}

launch_has_dependencies() {
  [ "$launch_checkout" = no ] || {
    [ -f "$root/node_modules/.package-lock.json" ] &&
      [ ! "$root/package-lock.json" -nt "$root/node_modules/.package-lock.json" ]
  }
}

launch_has_build() {
  [ "$launch_checkout" = no ] || {
    [ -f "$root/dist/.built" ] && [ -f "$root/dist/cli/main.js" ] &&
      [ -z "$(cd "$root" && find lab compose cli package.json tsconfig.json -newer dist/.built -print -quit)" ]
  }
}

# --- Node ---

# Sets $node to the first new enough Node: the PATH's, else the one fetched before; empty when there is none.
launch_find_node() {
  node=''
  launch_read_pin
  for launch_candidate in "$(command -v node)" "$launch_pinned"; do
    [ -x "$launch_candidate" ] || continue
    # One that is half there, or that somebody changed, is as good as none.
    [ "$launch_candidate" != "$launch_pinned" ] || [ "$(launch_sha256 "$launch_pinned")" = "$launch_pin_sha256" ] || continue
    # execPath: behind a shim of a version manager is the real program, which is the same in every directory.
    launch_answer=$("$launch_candidate" -p 'process.versions.node + " " + process.execPath' 2>/dev/null </dev/null) || continue
    launch_version=${launch_answer%% *}
    case ${launch_version%%.*} in '' | *[!0-9]*) continue ;; esac
    if [ "${launch_version%%.*}" -ge "$launch_node_major" ]; then
      node=${launch_answer#* }
      return
    fi
  done
}

# Sets $launch_pin_package, _version and _sha256 to what cli/node-pins has for this system, and $launch_pinned to where that
# Node lies once it is fetched; all empty for a system that is not in there.
launch_read_pin() {
  launch_pinned='' launch_pin_package='' launch_pin_version='' launch_pin_sha256=''
  launch_system=$(uname -s)-$(uname -m)
  while read -r launch_of launch_pin_package launch_pin_version launch_pin_sha256; do
    if [ "$launch_of" = "$launch_system" ]; then
      launch_pinned=$launch_cache/node/$launch_pin_version-$launch_system/node
      return
    fi
  done <"$root/cli/node-pins"
  launch_pin_package='' launch_pin_version='' launch_pin_sha256=''
}

# Of a file, in hex. Linux has the first, macOS the second.
launch_sha256() {
  if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | sed 's/ .*//'
}

# No lock is needed on what all checkouts share: each fetches into a folder of its own, and the program comes to its place
# whole and in one step, or not at all.
launch_fetch_node() {
  launch_found=$(command -v node) && launch_found="found $(node --version 2>/dev/null) at $launch_found" || launch_found='found none'
  launch_missing="Node $launch_node_major or newer is missing ($launch_found)"
  launch_may_install "$launch_missing" 'install it (https://nodejs.org), or unset PGHA_LAB_SETUP'
  [ -n "$launch_pinned" ] ||
    launch_fail "$launch_missing, and there is none that pgha-lab could fetch for $launch_system; install it (https://nodejs.org)."
  command -v npm >/dev/null && command -v node >/dev/null ||
    launch_fail "$launch_missing, and there is no npm to fetch it with; install it (https://nodejs.org)."
  launch_clear_fetches
  launch_fetch=$launch_cache/node/.fetch.$$
  mkdir -p "${launch_pinned%/*}" "$launch_fetch" 2>/dev/null ||
    launch_fail "$launch_missing, and $launch_cache, where it would be kept, can't be written; set XDG_CACHE_HOME to a folder that can."
  # --ignore-scripts: nothing of the package runs before its checksum is known to be right.
  launch_step "fetch Node $launch_pin_version ($launch_found)" "$launch_home/fetch-node.log" \
    npm install --prefix "$launch_fetch" --ignore-scripts --no-save --no-package-lock --no-audit --no-fund \
    "$launch_pin_package@$launch_pin_version"
  launch_got=$launch_fetch/node_modules/$launch_pin_package/bin/node
  [ -f "$launch_got" ] || launch_fail "npm brought no bin/node of $launch_pin_package; the log is $launch_home/fetch-node.log."
  launch_sum=$(launch_sha256 "$launch_got")
  [ "$launch_sum" = "$launch_pin_sha256" ] ||
    launch_fail "what npm brought as Node $launch_pin_version has another checksum ($launch_sum) than Node $launch_pin_version has ($launch_pin_sha256): it was removed unused. Install Node $launch_node_major or newer (https://nodejs.org), or see where npm fetches from: npm config get registry"
  chmod 755 "$launch_got" && mv -f "$launch_got" "$launch_pinned" ||
    launch_fail "$launch_missing, and $launch_pinned can't be written; set XDG_CACHE_HOME to a folder that can."
  launch_drop_fetch
  launch_find_node
  [ -n "$node" ] ||
    launch_fail "the fetched Node ($launch_pinned) does not run here. Install Node $launch_node_major or newer (https://nodejs.org)."
}

launch_fetch=''

launch_drop_fetch() {
  [ -z "$launch_fetch" ] || rm -rf "$launch_fetch"
  launch_fetch=''
}

# Those of launchers that were killed.
launch_clear_fetches() {
  for launch_old in "$launch_cache"/node/.fetch.*; do
    [ -d "$launch_old" ] || continue
    launch_runs "${launch_old##*.fetch.}" || rm -rf "$launch_old"
  done
}

# Remembering saves the next start the question; where it can't be written, the next start asks again.
launch_remember_node() {
  mkdir -p "$launch_home" 2>/dev/null && [ -w "$launch_home" ] || return 0
  printf '%s\n%s\n' "$node" "$(command -v node)" >"$launch_home/use.$$" && mv "$launch_home/use.$$" "$launch_home/use"
}

# --- dependencies and build ---

launch_install() {
  launch_may_install "the dependencies are not installed, or not those of package-lock.json" "run: cd '$root' && npm ci --include=dev"
  # npm runs on the system's own Node where there is one: that pair is known to work.
  command -v npm >/dev/null || launch_fail "npm is missing, and the dependencies are not installed; install npm (https://nodejs.org)."
  rm -f "$root/node_modules/.package-lock.json" "$root/dist/.built"
  # --include=dev: NODE_ENV=production would leave out the compiler.
  launch_step 'install the dependencies (npm ci)' "$launch_home/npm-ci.log" npm ci --include=dev --no-audit --no-fund
  launch_has_dependencies || launch_fail "npm ci left no node_modules/.package-lock.json in $root; the log is $launch_home/npm-ci.log."
}

launch_build() {
  launch_may_install 'it is not built, or not from the sources that are there' "run: cd '$root' && npm run build" building
  command -v npm >/dev/null || launch_fail "npm is missing, and pgha-lab is not built; install npm (https://nodejs.org)."
  mkdir -p "$root/dist"
  # Without the mark, dist may be anything: the compiler must not trust its own memory of it.
  [ -f "$root/dist/.built" ] || rm -f "$root/dist/.tsbuildinfo"
  rm -f "$root/dist/.built"
  launch_step 'build pgha-lab (npm run build)' "$launch_home/build.log" env PATH="${node%/*}:$PATH" npm run --silent build
  [ -f "$root/dist/cli/main.js" ] || launch_fail "the build made no dist/cli/main.js; the log is $launch_home/build.log."
  [ -f "$root/dist/.built" ] || launch_fail "the build left no dist/.built; the log is $launch_home/build.log."
}

# --- telling ---

# launch_step WHAT LOG COMMAND...: runs the command in $root, its output in the log; says what it does on stderr. It runs in
# the background, because sh hears of a signal only when what it waits for in the foreground has ended, and an npm that is
# interrupted takes its time to put things back. Called with the lock held: launch_interrupted ends the command.
launch_step() {
  launch_what=$1 launch_log=$2
  shift 2
  launch_began=$(date +%s)
  launch_ticker=''
  if [ "$launch_quiet" = yes ]; then
    :
  elif [ -t 2 ]; then
    launch_shell=$$
    while kill -0 "$launch_shell" 2>/dev/null; do
      printf '\r%s ... %s s' "$launch_what" $(($(date +%s) - launch_began)) >&2
      sleep 1
    done &
    launch_ticker=$!
  else
    printf '%s ...\n' "$launch_what" >&2
  fi
  launch_code=0
  (cd "$root" && exec "$@") >"$launch_log" 2>&1 </dev/null &
  launch_child=$!
  wait "$launch_child" || launch_code=$?
  launch_child=''
  launch_stop_ticker
  [ "$launch_quiet" = no ] && [ -t 2 ] && printf '\r\033[K' >&2
  if [ "$launch_code" -ne 0 ]; then
    launch_excerpt "$launch_log" >&2
    launch_fail "could not $launch_what (exit code $launch_code); above is why, all of it is in $launch_log"
  fi
  [ "$launch_quiet" = yes ] || printf '%s: done in %s s\n' "$launch_what" $(($(date +%s) - launch_began)) >&2
}

# npm says why first and then explains itself at length; others say why last.
launch_excerpt() {
  if grep -q '^npm error code' "$1"; then
    sed -n '/^npm error code/,$p' "$1" | head -n 12
  else
    tail -n 20 "$1"
  fi | sed 's/^/  | /'
}

launch_stop_ticker() {
  [ -n "$launch_ticker" ] || return 0
  kill "$launch_ticker" 2>/dev/null # gone already when the terminal's Ctrl-C took it
  wait "$launch_ticker" 2>/dev/null
  launch_ticker=''
}

# launch_may_install MISSING HOW [building]
launch_may_install() {
  [ "${PGHA_LAB_SETUP:-}" != never ] || launch_fail "$1, and PGHA_LAB_SETUP=never forbids ${3:-installing} it; $2"
}

launch_fail() {
  printf 'pgha-lab: %s\n' "$1" >&2
  launch_drop_fetch
  launch_unlock
  exit 3
}

# --- one at a time ---

launch_locked=no
launch_child=''

launch_lock() {
  mkdir -p "$launch_home" 2>/dev/null && [ -w "$launch_home" ] ||
    launch_fail "this needs setting up, and $launch_home can't be written; run it once as the owner of $root."
  launch_told=no launch_waited=0
  until mkdir "$launch_home/lock" 2>/dev/null; do
    launch_holder=$(cat "$launch_home/lock/pid" 2>/dev/null)
    if launch_is_dead "$launch_holder"; then
      launch_break_lock
      continue
    fi
    [ "$launch_told" = yes ] || [ "$launch_quiet" = yes ] || printf 'another pgha-lab sets up this directory (process %s); waiting for it\n' "${launch_holder:-unknown}" >&2
    launch_told=yes
    [ "$launch_waited" -lt 600 ] ||
      launch_fail "another pgha-lab (process ${launch_holder:-unknown}) has been setting up for 10 minutes; end it, or remove $launch_home/lock."
    launch_waited=$((launch_waited + 1))
    sleep 1
  done
  launch_locked=yes
  trap 'launch_interrupted 130' INT
  trap 'launch_interrupted 143' TERM HUP
  echo "$$" >"$launch_home/lock/pid"
}

# A lock without a process id is one that is being taken right now, unless it stays so.
launch_is_dead() {
  if [ -z "$1" ]; then
    [ "$launch_waited" -ge 5 ]
  else
    ! launch_runs "$1"
  fi
}

# kill -0 also fails for another user's process; ps tells these apart.
launch_runs() {
  kill -0 "$1" 2>/dev/null || ps -p "$1" >/dev/null 2>&1
}

# Two who wait must not both break the lock, or the slower would break the faster one's new lock.
launch_break_lock() {
  if mkdir "$launch_home/lock.breaking" 2>/dev/null; then
    [ "$(cat "$launch_home/lock/pid" 2>/dev/null)" != "$launch_holder" ] || rm -rf "$launch_home/lock"
    rmdir "$launch_home/lock.breaking"
  else
    launch_waited=$((launch_waited + 1))
    [ "$launch_waited" -lt 600 ] || launch_fail "a set-up was killed while it began; remove $launch_home/lock and $launch_home/lock.breaking."
    sleep 1
  fi
}

launch_unlock() {
  [ "$launch_locked" = yes ] || return 0
  launch_locked=no
  rm -rf "$launch_home/lock"
  trap - INT TERM HUP
}

launch_interrupted() {
  trap '' INT TERM HUP
  launch_stop_ticker
  launch_end_child
  launch_drop_fetch
  printf '\npgha-lab: interrupted; the next start goes on with the set-up.\n' >&2
  launch_unlock
  exit "$1"
}

# Half of what it did may stay behind: the mark that would make it count is not written yet.
launch_end_child() {
  [ -n "$launch_child" ] || return 0
  kill "$launch_child" 2>/dev/null
  for launch_try in 1 2 3 4 5 6 7 8 9 10; do
    kill -0 "$launch_child" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL "$launch_child" 2>/dev/null
  wait "$launch_child" 2>/dev/null
}

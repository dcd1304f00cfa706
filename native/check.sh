#!/bin/sh
# The native part under instruments: addon and executor with AddressSanitizer and UndefinedBehaviorSanitizer, then the executor
# under valgrind, each running the native tests against the real kernel. `npm run check:native` calls it.
#
# Valgrind does not know the calls that make a mount tree and a filter of system calls, so confinement is tried with the sanitizers only.
# Leaks are not looked for: Node never frees everything, and the executor leaves that to exec.
set -eu

cd "$(dirname "$0")/.."
output=native/build
cmake_js=node_modules/cmake-js/bin/cmake-js
logs=$(mktemp -d)
# Executors of other users write their logs there.
chmod 1777 "$logs"
trap 'rm -rf "$logs"' EXIT

need() {
  command -v "$1" >/dev/null || { echo "check:native needs $1: apt-get install $2" >&2; exit 1; }
}
need valgrind valgrind
need gcc gcc

compile() {
  node "$cmake_js" compile --directory native --out "$1" "$2" >"$logs/compile" 2>&1 || { cat "$logs/compile" >&2; exit 1; }
}

echo 'check:native: with AddressSanitizer and UndefinedBehaviorSanitizer'
compile "$output/sanitized" --CDHEARTWOOD_SANITIZE=ON
# Node is not built with the sanitizer, so its run-time library must come first. Node and V8 keep their signal handlers.
LD_PRELOAD=$(gcc -print-file-name=libasan.so) \
ASAN_OPTIONS=detect_leaks=0:handle_segv=0:log_path="$logs/asan" UBSAN_OPTIONS=print_stacktrace=1:log_path="$logs/ubsan" \
HEARTWOOD_ADDON=$PWD/$output/sanitized/Release/heartwood.node \
  node --import tsx --test test/native/*.test.ts

echo 'check:native: unit-executor under valgrind'
compile "$output/unstripped" --CDHEARTWOOD_STATIC=OFF
wrapper=$logs/unit-executor
# The program that the executor becomes is no business of valgrind's. What was found must be read from the log, because after a
# successful exec there is no exit status of the executor's.
cat >"$wrapper" <<WRAPPER
#!/bin/sh
exec valgrind --quiet --vgdb=no --error-exitcode=99 --trace-children=no --log-file="$logs/valgrind-%p" "$PWD/$output/unstripped/Release/unit-executor" "\$@"
WRAPPER
chmod +x "$wrapper"
HEARTWOOD_ADDON=$PWD/$output/unstripped/Release/heartwood.node HEARTWOOD_EXECUTOR=$wrapper \
  node --import tsx --test test/native/executor.test.ts

# What valgrind found begins with "=="; with "--" it tells of calls it does not know, which it answers with ENOSYS as an old kernel would.
found=$(find "$logs" -size +0 \( -name 'asan*' -o -name 'ubsan*' \); find "$logs" -name 'valgrind-*' -exec grep -l '^==' {} +)
if [ -n "$found" ]; then
  # shellcheck disable=SC2086 # one path per word
  cat $found >&2
  exit 1
fi
ls "$logs"/valgrind-* >/dev/null || { echo 'check:native: valgrind looked at nothing' >&2; exit 1; }
echo 'check:native: nothing found'
